// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
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

}  // namespace exactbn
