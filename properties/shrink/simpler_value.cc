// SPDX-License-Identifier: Apache-2.0
#include "properties/shrink/simpler_value.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace exactbn {

namespace {

constexpr double kSmall = 16;

// The number of bits from the first to the last set bit of a finite value other
// than 0.
int significant_bits(double value) {
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  const auto whole = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  return 53 - std::countr_zero(whole);
}

}  // namespace

int complexity(std::uint64_t bits, DType dtype) {
  if (!is_finite(bits, dtype)) return 3;
  const double value = to_double(bits, dtype);
  const double size = std::fabs(value);
  if (size == 0) return 0;
  const int sign = value < 0 ? 1 : 0;
  if (size < kSmall && size == std::trunc(size)) {
    return 2 * static_cast<int>(size) + sign;
  }
  return 40 + 4 * significant_bits(value) + std::abs(std::ilogb(value)) + sign;
}

std::vector<std::uint64_t> simpler_values(std::uint64_t bits, DType dtype) {
  std::vector<std::uint64_t> all;
  const int worst = complexity(bits, dtype);
  const auto add = [&](double value) {
    const std::uint64_t candidate = round_to(value, dtype);
    if (is_finite(candidate, dtype) && complexity(candidate, dtype) < worst &&
        std::find(all.begin(), all.end(), candidate) == all.end()) {
      all.push_back(candidate);
    }
  };
  for (const double value : {0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0}) add(value);
  if (!is_finite(bits, dtype)) return all;
  const double value = to_double(bits, dtype);
  if (value == 0) return all;
  if (std::fabs(value) < 0x1p62) add(std::nearbyint(value));
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  // Fewer bits: 1, 2, 4, ..., and one fewer than now.
  const int significant = significant_bits(value);
  for (int keep = 1; keep < significant; keep *= 2) {
    const double kept = std::nearbyint(std::ldexp(fraction, keep));
    add(std::ldexp(kept, exponent - keep));
  }
  add(std::ldexp(std::trunc(std::ldexp(fraction, significant - 1)),
                 exponent - significant + 1));
  // An exponent nearer to 0.
  const int top = exponent - 1;
  for (const int towards :
       {0, top / 2, top - top / 4, top > 0 ? top - 1 : top + 1}) {
    add(std::ldexp(fraction, towards + 1));
  }
  add(-value);
  return all;
}

}  // namespace exactbn
