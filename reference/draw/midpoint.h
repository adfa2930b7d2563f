// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "reference/format.h"

namespace exactbn {

// Two neighbours, whose magnitudes have the bits `below` and below + 1, and
// their midpoint.
struct Midpoint {
  DType dtype = DType::f64;
  std::uint64_t below = 0;
  bool negative = false;

  std::uint64_t bits(bool upper) const {
    const std::uint64_t size = upper ? below + 1 : below;
    return negative ? size | format(dtype).sign_bit() : size;
  }
  std::uint64_t even() const { return bits(below % 2 != 0); }
  double low() const { return to_double(bits(false), dtype); }
  double high() const { return to_double(bits(true), dtype); }
  bool has_high() const { return is_finite(below + 1, dtype); }
  // high() - low()
  double ulp() const {
    const std::uint64_t exponent = below >> (format(dtype).precision - 1);
    const double size =
        std::ldexp(1.0, format(dtype).quantum() +
                            static_cast<int>(exponent > 1 ? exponent - 1 : 0));
    return negative ? -size : size;
  }
  // A value of the format from the second normal binade on.
  double half_ulp() const { return ulp() / 2; }
  bool has_half_ulp() const {
    return below >> (format(dtype).precision - 1) >= 2;
  }
  Dyadic value() const {
    Dyadic half = dyadic(ulp());
    half.e -= 1;
    return dyadic(low()) + half;
  }
};

}  // namespace exactbn
