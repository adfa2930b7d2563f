// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/format.h"
#include "reference/number/surd.h"

namespace exactbn {

// The unit in the last place of the format at s, which need not be a value of
// it: 2^e, that of the binade of s, and never below the quantum, which it is
// for 0. Beyond the range it goes on as if the exponents did.
Dyadic ulp(const Surd& s, DType dtype);

// (c - s) / ulp(s), exactly: the error of c, in ulp of the exact value s. For
// any number of digits of it: `enclose` and `to_decimal`.
Surd ulp_error(const Dyadic& c, const Surd& s, DType dtype);

}  // namespace exactbn
