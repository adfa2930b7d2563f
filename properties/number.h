// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "oracles/condition.h"
#include "properties/root_field.h"

namespace exactbn {

// What laws calculate with, so that each is written once:
//
// - an interval, a value and how far the right one may be from it, for what a
//   subject answered. Sums and products keep the promise that the right value
//   of an expression lies in its interval, when those that enter do;
// - an exact number, for what is right, with which a law must hold exactly;
// - unknown, which makes all that it enters unknown.
class Number {
 public:
  Number(double value = 0) : mid_(value) {}  // NOLINT: a number is a number
  // The right value lies within `radius` of `value`.
  static Number within(Wide value, Wide radius);
  static Number unknown();
  static Number exact(const Dyadic& value);
  static Number exact(const Surd& value);
  // An interval around a number that is known.
  static Number about(const Surd& value);

  bool is_unknown() const;
  // Whether the right value may be 0; or not below 0. Always, if unknown.
  bool may_be_zero() const;
  bool may_be_positive_or_zero() const;

  Wide mid() const { return mid_; }
  Wide radius() const { return radius_; }

  Number operator-() const;
  friend Number operator+(const Number& a, const Number& b);
  friend Number operator*(const Number& a, const Number& b);
  friend Number operator-(const Number& a, const Number& b) { return a + -b; }
  Number& operator+=(const Number& b) { return *this = *this + b; }
  Number& operator-=(const Number& b) { return *this = *this + -b; }

 private:
  // Null for an interval, and for a double, which is exact as it is.
  std::shared_ptr<const RootNumber> exact_;
  Wide mid_ = 0;
  Wide radius_ = 0;
};

inline Number squared(const Number& a) { return a * a; }

}  // namespace exactbn
