// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/round_up.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "reference/number/decimal.h"

namespace exactbn {

namespace {

// digits 10^exponent
struct ThreeDigits {
  int digits = 0;
  int exponent = 0;
};

// Parses text such as 1.23e-07.
ThreeDigits parse(const std::string& text) {
  ThreeDigits x;
  x.digits = (text[0] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
  const char* first = text.data() + (text[5] == '+' ? 6 : 5);
  std::from_chars(first, text.data() + text.size(), x.exponent);
  x.exponent -= 2;
  return x;
}

std::string text_of(const ThreeDigits& x) {
  return fmt::format("{}e{}", x.digits, x.exponent);
}

Dyadic exact(long double x) {
  static_assert(std::numeric_limits<long double>::digits <= 128);
  int exponent = 0;
  const long double scaled = std::ldexp(std::frexp(x, &exponent), 64);
  const auto upper = static_cast<std::uint64_t>(scaled);
  const auto lower = static_cast<std::uint64_t>(
      std::ldexp(scaled - static_cast<long double>(upper), 64));
  return {(Integer(upper) << 64) + Integer(lower), exponent - 128};
}

// Whether n 10^exponent < x.
bool is_below(const ThreeDigits& a, Dyadic x) {
  const Integer power =
      pow(Integer(10), static_cast<unsigned>(std::abs(a.exponent)));
  Integer n = a.digits;
  (a.exponent < 0 ? x.n : n) *= power;
  return compare(Dyadic(n, 0), x) < 0;
}

}  // namespace

std::string round_up(long double x) {
  if (x == 0) return "0";
  const Dyadic value = exact(x);
  ThreeDigits rounded = parse(to_decimal({value, 0, 1, 1}, 3));
  if (is_below(rounded, value)) ++rounded.digits;
  if (rounded.digits == 1000) rounded = {100, rounded.exponent + 1};
  return text_of(rounded);
}

std::string three_digits(double x) {
  return x == 0 ? "0" : text_of(parse(fmt::format("{:.2e}", x)));
}

}  // namespace exactbn
