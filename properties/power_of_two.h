// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "reference/format.h"

namespace exactbn {

// 2^exponent, where a double has it: every unit in the last place is one.
inline double power_of_two(int exponent) {
  constexpr int kLeastNormal = 1 - kDoubleBias;
  if (exponent < kLeastNormal) {
    return std::bit_cast<double>(std::uint64_t{1}
                                 << (exponent - kLeastNormal + kFractionBits));
  }
  return std::bit_cast<double>(
      static_cast<std::uint64_t>(exponent + kDoubleBias) << kFractionBits);
}

// Of the ulp at a finite value. A subnormal double is below every normal number
// of any format.
inline int ulp_exponent_of(double value, const Format& f) {
  const auto bits = std::bit_cast<std::uint64_t>(std::fabs(value));
  const int top = static_cast<int>(bits >> kFractionBits) - kDoubleBias;
  return std::max(top - (f.precision - 1), f.quantum());
}

}  // namespace exactbn
