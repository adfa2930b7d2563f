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

// Wider than double in its exponents: products of four f64 values do not
// overflow. For condition numbers and estimates, not for results.
using Wide = long double;
static_assert(std::numeric_limits<Wide>::max_exponent >= 16384);

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

// Likewise, where it may be beyond a double's range.
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

// The unit in the last place of a finite value of a format; the least one for
// 0.
inline Wide ulp_of(double value, DType dtype) {
  return power_of_two(ulp_exponent_of(value, format(dtype)));
}

// The unit in the last place of the format at s, which need not be a value of
// it: 2^e, that of the binade of s, and never below the quantum, which it is
// for 0. Beyond the range it goes on as if the exponents did.
Dyadic ulp(const Surd& s, DType dtype);

// (c - s) / ulp(s), exactly: the error of c, in ulp of the exact value s. For
// any number of digits of it: `enclose` and `to_decimal`.
Surd ulp_error(const Dyadic& c, const Surd& s, DType dtype);

}  // namespace exactbn
