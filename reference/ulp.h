// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "reference/format.h"
#include "reference/number/surd.h"

namespace exactbn {

// Has a wider exponent than double: products of four f64 values do not
// overflow. For condition numbers and estimates, not for results.
using Wide = long double;
static_assert(std::numeric_limits<Wide>::max_exponent >= 16384);

// 2^exponent in the range of double, as is every unit in the last place.
inline double power_of_two(int exponent) {
  constexpr int kLeastNormal = 1 - kDoubleBias;
  if (exponent < kLeastNormal) {
    return std::bit_cast<double>(std::uint64_t{1}
                                 << (exponent - kLeastNormal + kFractionBits));
  }
  return std::bit_cast<double>(
      static_cast<std::uint64_t>(exponent + kDoubleBias) << kFractionBits);
}

// 2^exponent, possibly beyond the range of double.
inline Wide wide_power_of_two(std::int64_t exponent) {
  return std::ldexp(Wide{1}, static_cast<int>(exponent));
}

// The exponent of the ulp at a finite value. A subnormal double is below every
// normal number of any format.
inline int ulp_exponent_of(double value, const Format& f) {
  const auto bits = std::bit_cast<std::uint64_t>(std::fabs(value));
  const int top = static_cast<int>(bits >> kFractionBits) - kDoubleBias;
  return std::max(top - (f.precision - 1), f.quantum());
}

// The unit in the last place of a finite value of a format; the smallest for 0.
inline Wide ulp_of(double value, DType dtype) {
  return power_of_two(ulp_exponent_of(value, format(dtype)));
}

// The unit in the last place of the format at s, which need not be a value of
// the format: a power of 2, constant in a binade and at least the quantum, its
// value for 0. Beyond the range the binades go on.
Dyadic ulp(const Surd& s, DType dtype);

// (c - s) / ulp(s), exactly: the error of c, in ulp of the exact value s.
// `enclose` and `to_decimal` give any number of its digits.
Surd ulp_error(const Dyadic& c, const Surd& s, DType dtype);

}  // namespace exactbn
