// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/multiprecision/cpp_int.hpp>

#include "reference/number/surd.h"

namespace exactbn {

// An exact number a + b / sqrt(w), with a and b rational. For one w these form
// a field, which contains the outputs of a channel and all laws of them.
class RootNumber {
 public:
  using Rational = boost::multiprecision::cpp_rational;

  RootNumber() = default;
  explicit RootNumber(const Dyadic& value);
  explicit RootNumber(const Surd& value);

  // The sign of the number, and so whether it is 0.
  int sign() const;

  // Throw std::domain_error if the two numbers are of different fields: if the
  // quotient of the two w is not a square.
  friend RootNumber operator+(const RootNumber& x, const RootNumber& y);
  friend RootNumber operator*(const RootNumber& x, const RootNumber& y);

 private:
  RootNumber(Rational a, Rational b, Rational w);

  Rational a_ = 0;
  Rational b_ = 0;
  Rational w_ = 1;
};

}  // namespace exactbn
