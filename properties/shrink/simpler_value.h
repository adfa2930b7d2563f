// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/format.h"

namespace exactbn {

// How far a value is from simple: 0 is simplest, then 1, small integers of
// either sign, few significant bits, an exponent near 0; NaN and infinities are
// as simple as a small integer. The number of bits of another pattern never
// counts, so that shrinking by it ends.
int complexity(std::uint64_t bits, DType dtype);

// Values that are simpler, the simplest first.
std::vector<std::uint64_t> simpler_values(std::uint64_t bits, DType dtype);

}  // namespace exactbn
