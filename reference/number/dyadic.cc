// SPDX-License-Identifier: Apache-2.0
#include "reference/number/dyadic.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace exactbn {

std::int64_t bit_length(const Integer& n) {
  if (n.is_zero()) return 0;
  return static_cast<std::int64_t>(msb(abs(n))) + 1;
}

Integer shifted(const Integer& n, std::int64_t shift) {
  if (shift >= 0) return n << static_cast<std::size_t>(shift);
  // cpp_int's >> of a negative number rounds toward minus infinity.
  const auto right = static_cast<std::size_t>(-shift);
  return n.sign() < 0 ? Integer(-(Integer(-n) >> right)) : Integer(n >> right);
}

Dyadic& Dyadic::operator+=(const Dyadic& b) {
  if (b.e >= e) {
    n += b.n << static_cast<std::size_t>(b.e - e);
  } else {
    n <<= static_cast<std::size_t>(e - b.e);
    n += b.n;
    e = b.e;
  }
  return *this;
}

Dyadic operator+(const Dyadic& a, const Dyadic& b) {
  Dyadic sum = a;
  sum += b;
  return sum;
}

Dyadic operator-(const Dyadic& a, const Dyadic& b) { return a + -b; }

Dyadic operator*(const Dyadic& a, const Dyadic& b) {
  return {a.n * b.n, a.e + b.e};
}

int compare(const Dyadic& a, const Dyadic& b) {
  if (a.sign() != b.sign()) return a.sign() < b.sign() ? -1 : 1;
  return (a - b).sign();
}

bool operator==(const Dyadic& a, const Dyadic& b) { return compare(a, b) == 0; }

Dyadic dyadic(double value) {
  if (!std::isfinite(value)) {
    throw std::invalid_argument("an exact number must be finite");
  }
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  // 53 bits hold any double's significand, so the product is an integer.
  Integer n = static_cast<std::int64_t>(std::ldexp(fraction, 53));
  std::int64_t e = exponent - 53;
  if (n.is_zero()) return {};
  // Fewer trailing zeros keep every later product short.
  const auto zeros = lsb(abs(n));
  n = shifted(n, -static_cast<std::int64_t>(zeros));
  return {n, e + static_cast<std::int64_t>(zeros)};
}

}  // namespace exactbn
