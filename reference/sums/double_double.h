// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "reference/number/surd.h"

namespace exactbn {

// The number high + low, low at most half an ulp of high.
struct DoubleDouble {
  double high = 0;
  double low = 0;
};

// A surd as the nearest double and the double nearest to the rest. NaN beyond
// 2^-900 to 2^900, where a product of it could leave the range of double.
DoubleDouble nearest_pair(const Surd& s);

// a + b = sum + error, exactly (Knuth). Always inlined, so that loops of any
// instruction set are vectorized with it.
[[gnu::always_inline]] inline void two_sum(double a, double b, double& sum,
                                           double& error) {
  sum = a + b;
  const double b_part = sum - a;
  error = (a - (sum - b_part)) + (b - b_part);
}

// Their arithmetic, in the order of Joldes, Muller and Popescu, *Tight and
// rigorous error bounds for basic building blocks of double-word arithmetic*,
// ACM TOMS 44 (2017), and for the root of Lefevre et al., *Accurate calculation
// of Euclidean norms using double-word arithmetic*, ACM TOMS 49 (2023). With
// u = 2^-53 a result is off by at most 3.1 u^2 of itself for a sum, whatever
// the signs, 5 u^2 for a product, 16 u^2 for a quotient and 3.2 u^2 for a root:
// 2^-102 each; where nothing leaves the range of double or becomes subnormal.

// Of |a| >= |b|, or a = 0.
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

// Of a number that is positive.
inline DoubleDouble sqrt(const DoubleDouble& a) {
  const double first = std::sqrt(a.high);
  const double rest = a.low + std::fma(-first, first, a.high);
  return fast_two_sum(first, rest / (2 * first));
}

}  // namespace exactbn
