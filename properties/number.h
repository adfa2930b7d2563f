// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <list>

#include "oracles/condition.h"
#include "properties/root_field.h"

namespace exactbn {

// Exact numbers that laws make: they stay as long as this object does. A thread
// makes them while it uses such an object, and none otherwise; so a number that
// is not exact, as most are, has nothing to count or to free.
class ExactNumbers {
 public:
  ExactNumbers() = default;
  ExactNumbers(const ExactNumbers&) = delete;
  ExactNumbers& operator=(const ExactNumbers&) = delete;

  // Has the thread use it, as long as this object is there.
  class Use {
   public:
    explicit Use(ExactNumbers& numbers);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    ExactNumbers* before_;
  };

  // Throws std::logic_error where the thread uses none.
  static const RootNumber* keep(RootNumber number);

 private:
  std::list<RootNumber> numbers_;
};

// What laws calculate with, so that each is written once:
//
// - an interval, a value and how far the right one may be from it, for what a
//   subject answered. Sums and products keep the promise that the right value
//   of an expression lies in its interval, when those that enter do;
// - an exact number, for what is right, with which a law must hold exactly;
// - unknown, which makes all that it enters unknown.
//
// A filter calculates with less. Its interval has a value that is only near
// that of the interval it stands for, by `doubt`, and a radius that is at most
// as large; and it may be open whether that one is unknown. bounds.md has the
// argument.
class Number {
 public:
  Number(double value = 0) : mid_(value) {}  // NOLINT: a number is a number
  // The right value lies within `radius` of `value`.
  static Number within(Wide value, Wide radius) { return {value, radius, 0}; }
  static Number unknown() { return {0, kInfinite, 0}; }
  static Number exact(const Dyadic& value);
  static Number exact(const Surd& value);
  // An interval around a number that is known.
  static Number about(const Surd& value);

  // Stands for an interval with a value within `doubt` of this one and at least
  // that radius; or for any whatever.
  static Number near(Wide value, Wide doubt, Wide radius = 0) {
    return {value, radius, doubt};
  }
  static Number open() { return {0, kInfinite, kInfinite}; }

  bool is_unknown() const { return !(radius_ < kInfinite); }
  // Whether nothing is said of what it stands for, not even that it is unknown.
  bool is_open() const { return !(doubt_ < kInfinite); }
  // Whether the right value may be 0; or not below 0. Always, if unknown. In a
  // filter: whether it surely may.
  bool may_be_zero() const {
    if (is_unknown()) return true;
    if (exact_) return sign_of(*exact_) == 0;
    return with_doubt(std::fabs(mid_)) <= radius_;
  }
  bool may_be_positive_or_zero() const {
    if (is_unknown()) return true;
    if (exact_) return sign_of(*exact_) >= 0;
    return with_doubt(-mid_) <= radius_;
  }

  Wide mid() const { return mid_; }
  Wide radius() const { return radius_; }
  Wide doubt() const { return doubt_; }

  Number operator-() const {
    if (exact_) return exact_product(Number(-1), *this);
    return {-mid_, radius_, doubt_};
  }
  friend Number operator+(const Number& a, const Number& b) {
    if (a.exact_ || b.exact_) return exact_sum(a, b);
    if (a.is_unknown() || b.is_unknown()) return nothing(a, b);
    const Wide mid = a.mid_ + b.mid_;
    const Wide rounding = std::fabs(mid) * kRounding;
    if (a.doubt_ == 0 && b.doubt_ == 0) {
      return within(mid, kUp * (a.radius_ + b.radius_ + rounding));
    }
    return {mid, kDown * (a.radius_ + b.radius_),
            kUp * (a.doubt_ + b.doubt_ + rounding)};
  }
  friend Number operator*(const Number& a, const Number& b) {
    if (a.exact_ || b.exact_) return exact_product(a, b);
    if (a.is_unknown() || b.is_unknown()) return nothing(a, b);
    const Wide mid = a.mid_ * b.mid_;
    const Wide rounding = std::fabs(mid) * kRounding;
    const Wide x = std::fabs(a.mid_);
    const Wide y = std::fabs(b.mid_);
    if (a.doubt_ == 0 && b.doubt_ == 0) {
      return within(mid, kUp * (x * b.radius_ + y * a.radius_ +
                                a.radius_ * b.radius_ + rounding));
    }
    // The radius of the least values that they may stand for.
    const Wide least_x = x > a.doubt_ ? kDown * (x - a.doubt_) : 0;
    const Wide least_y = y > b.doubt_ ? kDown * (y - b.doubt_) : 0;
    return {
        mid,
        kDown *
            (least_x * b.radius_ + least_y * a.radius_ + a.radius_ * b.radius_),
        kUp * (x * b.doubt_ + y * a.doubt_ + a.doubt_ * b.doubt_ + rounding)};
  }
  friend Number operator-(const Number& a, const Number& b) { return a + -b; }
  Number& operator+=(const Number& b) { return *this = *this + b; }
  Number& operator-=(const Number& b) { return *this = *this + -b; }

 private:
  static constexpr Wide kInfinite = std::numeric_limits<Wide>::infinity();
  // More than the 2^-64 by which an operation on long doubles rounds, and the
  // few of them that the calculation of a radius takes.
  static constexpr Wide kRounding = 0x1p-62L;
  static constexpr Wide kUp = 1 + 0x1p-58L;
  static constexpr Wide kDown = 1 - 0x1p-58L;

  Number(Wide mid, Wide radius, Wide doubt)
      : mid_(mid), radius_(radius), doubt_(doubt) {}

  // What comes of one that is unknown, or open, and any other.
  static Number nothing(const Number& a, const Number& b) {
    const bool surely =
        (a.is_unknown() && !a.is_open()) || (b.is_unknown() && !b.is_open());
    return surely ? unknown() : open();
  }
  Wide with_doubt(Wide value) const {
    return doubt_ == 0 ? value : value + doubt_ + kRounding * std::fabs(value);
  }
  static Number exact(RootNumber number);
  // By value, and not as members: nothing that they take needs an address, and
  // so the others stay in registers.
  static Number exact_sum(Number a, Number b);
  static Number exact_product(Number a, Number b);
  static int sign_of(const RootNumber& number);

  // Null for an interval, and for a double, which is exact as it is.
  const RootNumber* exact_ = nullptr;
  Wide mid_ = 0;
  Wide radius_ = 0;
  Wide doubt_ = 0;
};

inline Number squared(const Number& a) { return a * a; }

}  // namespace exactbn
