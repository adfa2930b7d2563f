// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/format.h"

namespace exactbn {

// The complexity of a value: 0 is simplest, then 1, small integers of either
// sign, few significant bits, an exponent near 0. NaN and infinities count as
// simple as a small integer. It depends on the value alone, so that shrinking
// by it terminates.
int complexity(std::uint64_t bits, DType dtype);

// Simpler values to try, the simplest first.
std::vector<std::uint64_t> simpler_values(std::uint64_t bits, DType dtype);

}  // namespace exactbn
