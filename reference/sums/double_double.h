// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "reference/number/surd.h"

namespace exactbn {

// The number high + low; low is at most half an ulp of high.
struct DoubleDouble {
  double high = 0;
  double low = 0;
};

// The nearest double to a surd, and the nearest double to the remainder. NaN
// for magnitudes outside 2^-900 to 2^900, because a product could leave the
// range of double.
DoubleDouble nearest_pair(const Surd& s);

// a + b = sum + error, exactly (Knuth). Always inlined, so that loops for any
// instruction set can vectorize it.
[[gnu::always_inline]] inline void two_sum(double a, double b, double& sum,
                                           double& error) {
  sum = a + b;
  const double b_part = sum - a;
  error = (a - (sum - b_part)) + (b - b_part);
}

// Arithmetic as in Joldes, Muller and Popescu, *Tight and rigorous error bounds
// for basic building blocks of double-word arithmetic*, ACM TOMS 44 (2017), and
// for the root as in Lefevre et al., *Accurate calculation of Euclidean norms
// using double-word arithmetic*, ACM TOMS 49 (2023). With u = 2^-53, the
// relative error is at most 3.1 u^2 for a sum, whatever the signs, 5 u^2 for a
// product, 16 u^2 for a quotient and 3.2 u^2 for a root, all below 2^-102, if
// nothing leaves the range of double or becomes subnormal.

// Needs |a| >= |b|, or a = 0.
inline DoubleDouble fast_two_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

inline DoubleDouble operator-(const DoubleDouble& a) {
  return {-a.high, -a.low};
}

inline DoubleDouble operator+(const DoubleDouble& a, const DoubleDouble& b) {
  DoubleDouble s;
  DoubleDouble t;
  two_sum(a.high, b.high, s.high, s.low);
  two_sum(a.low, b.low, t.high, t.low);
  const DoubleDouble v = fast_two_sum(s.high, s.low + t.high);
  return fast_two_sum(v.high, t.low + v.low);
}

inline DoubleDouble operator-(const DoubleDouble& a, const DoubleDouble& b) {
  return a + -b;
}

inline DoubleDouble operator*(const DoubleDouble& a, const DoubleDouble& b) {
  const double product = a.high * b.high;
  const double error = std::fma(a.high, b.high, -product);
  const double crossed =
      std::fma(a.low, b.high, std::fma(a.high, b.low, a.low * b.low));
  return fast_two_sum(product, error + crossed);
}

inline DoubleDouble operator/(const DoubleDouble& a, const DoubleDouble& b) {
  const double first = a.high / b.high;
  const DoubleDouble taken = b * DoubleDouble{first, 0};
  const double rest = (a.high - taken.high) + (a.low - taken.low);
  return fast_two_sum(first, rest / b.high);
}

// The square root of a positive number.
inline DoubleDouble sqrt(const DoubleDouble& a) {
  const double first = std::sqrt(a.high);
  const double rest = a.low + std::fma(-first, first, a.high);
  return fast_two_sum(first, rest / (2 * first));
}

}  // namespace exactbn
