// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>

#include "reference/format.h"

namespace exactbn {

// bounds.md, "The filter": the margin of comparisons for rounding in double.
inline constexpr double kSlack = 0x1p-40;
inline constexpr double kLess = 1 - kSlack;

// The exponent bits of a double.
inline constexpr std::int64_t kExponent = 0x7ff0000000000000;

// Constants of the format of the values.
struct Scale {
  double ulp_of_one;  // 2^(1 - precision)
  double quantum;     // 0 if it is not a normal double
};

inline Scale scale_of(DType dtype) {
  const Format f = format(dtype);
  return {std::ldexp(1.0, 1 - f.precision),
          dtype == DType::f64 ? 0 : std::ldexp(1.0, f.quantum())};
}

// The ulp in the binade of a nonnegative number.
[[gnu::always_inline]] inline double ulp_of(double size, const Scale& scale) {
  const auto bits = std::bit_cast<std::uint64_t>(size) &
                    static_cast<std::uint64_t>(kExponent);
  return std::max(std::bit_cast<double>(bits) * scale.ulp_of_one,
                  scale.quantum);
}

}  // namespace exactbn
