// SPDX-License-Identifier: Apache-2.0
#include "reference/number/decimal.h"

#include <cstdlib>

namespace exactbn {

namespace {

Integer power_of_ten(std::int64_t exponent) {
  return pow(Integer(10), static_cast<unsigned>(exponent));
}

Surd times_power_of_ten(Surd s, std::int64_t exponent) {
  const Dyadic power{power_of_ten(std::abs(exponent)), 0};
  if (exponent < 0) {
    s.d = s.d * power;
  } else {
    s.p = s.p * power;
    s.q = s.q * power;
  }
  return s;
}

// The magnitude in scientific notation: significand 10^(exponent - digits + 1),
// where the significand has `digits` digits.
struct Scientific {
  Integer significand = 0;
  std::int64_t exponent = 0;
};

Scientific nearest(const Surd& s, int digits) {
  if (sign(s) == 0) return {};
  const Integer limit = power_of_ten(digits);
  // log10(2) is 0.30102999..., so the first guess is off by at most 1, except
  // for exponents of millions.
  std::int64_t exponent = leading_exponent(s) * 30103 / 100000;
  while (true) {
    // One extra bit tells whether the rest is at least a half.
    const auto [twice, inexact] =
        scaled_floor(times_power_of_ten(s, digits - 1 - exponent), 1);
    Integer whole = twice >> 1;
    if (whole >= limit) {
      ++exponent;
    } else if (whole * 10 < limit) {
      --exponent;
    } else {
      const bool half = bit_test(twice, 0);
      if (half && (inexact || bit_test(whole, 0))) ++whole;
      if (whole < limit) return {std::move(whole), exponent};
      return {limit / 10, exponent + 1};
    }
  }
}

}  // namespace

std::string to_decimal(const Surd& s, int digits) {
  const Scientific number = nearest(s, digits);
  std::string significand = number.significand.str();
  // Only 0 has too few digits.
  significand.resize(static_cast<std::size_t>(digits), '0');
  std::string text = sign(s) < 0 ? "-" : "";
  text += significand[0];
  if (digits > 1) text += '.';
  text.append(significand, 1);
  text += number.exponent < 0 ? "e-" : "e+";
  const std::string exponent = std::to_string(std::abs(number.exponent));
  if (exponent.size() < 2) text += '0';
  return text + exponent;
}

}  // namespace exactbn
