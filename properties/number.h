// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <list>
#include <type_traits>

#include "properties/number/root_field.h"
#include "reference/ulp.h"

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
// argument. It is *narrow*, of doubles, where these will do: beside answers in
// short formats they round little, and take a third of the time.
class Number {
 public:
  Number(double value = 0)  // NOLINT: a number is a number
      : narrow_{value, 0, 0} {}
  // The right value lies within `radius` of `value`.
  static Number within(Wide value, Wide radius) {
    return {Kind::wide, value, radius, 0};
  }
  static Number unknown() { return {Kind::narrow, 0, kInfinite, 0}; }
  static Number exact(const Dyadic& value);
  static Number exact(const Surd& value);
  // An interval around a number that is known.
  static Number about(const Surd& value);

  // Stands for an interval with a value within `doubt` of this one and at least
  // that radius; or for any whatever.
  static Number near(Wide value, Wide doubt, Wide radius = 0) {
    return {Kind::wide, value, radius, doubt};
  }
  static Number open() { return {Kind::narrow, 0, kInfinite, kInfinite}; }
  // In a filter: around that double.
  static Number narrow(double value, double radius = 0) {
    return {Kind::narrow, value, radius, 0};
  }
  // The narrow number that stands for what this one does; an exact one is not
  // made narrow.
  Number narrowed() const;

  bool is_unknown() const {
    return kind_ <= Kind::narrow ? !(narrow_.radius < kInfinite)
                                 : !(widened().radius < kInfinite);
  }
  // Whether nothing is said of what it stands for, not even that it is unknown.
  bool is_open() const {
    return kind_ <= Kind::narrow ? !(narrow_.doubt < kInfinite)
                                 : !(widened().doubt < kInfinite);
  }
  // Whether the right value may be 0; or not below 0. Always, if unknown. In a
  // filter: whether it surely may.
  bool may_be_zero() const {
    if (is_unknown()) return true;
    if (kind_ == Kind::exact) return sign_of(*exact_) == 0;
    return kind_ == Kind::wide
               ? with_doubt(wide_, std::fabs(wide_.mid)) <= wide_.radius
               : with_doubt(narrow_, std::fabs(narrow_.mid)) <= narrow_.radius;
  }
  bool may_be_positive_or_zero() const {
    if (is_unknown()) return true;
    if (kind_ == Kind::exact) return sign_of(*exact_) >= 0;
    return kind_ == Kind::wide
               ? with_doubt(wide_, -wide_.mid) <= wide_.radius
               : with_doubt(narrow_, -narrow_.mid) <= narrow_.radius;
  }

  Wide mid() const { return widened().mid; }
  Wide radius() const { return widened().radius; }
  Wide doubt() const { return widened().doubt; }

  Number operator-() const {
    if (kind_ == Kind::exact) return exact_product(Number(-1), *this);
    Number minus = *this;
    if (kind_ == Kind::wide) {
      minus.wide_.mid = -wide_.mid;
    } else {
      minus.narrow_.mid = -narrow_.mid;
    }
    return minus;
  }
  friend Number operator+(const Number& a, const Number& b) {
    if (are_narrow(a, b)) {
      const double mid = a.narrow_.mid + b.narrow_.mid;
      return narrow_result(
          a, b,
          {mid, kNarrowDown * (a.narrow_.radius + b.narrow_.radius),
           kNarrowUp * (a.narrow_.doubt + b.narrow_.doubt +
                        std::fabs(mid) * kNarrowRounding)});
    }
    if (a.kind_ == Kind::exact || b.kind_ == Kind::exact) {
      return exact_sum(a, b);
    }
    return wide_sum(a, b);
  }
  friend Number operator*(const Number& a, const Number& b) {
    if (are_narrow(a, b)) {
      const double mid = a.narrow_.mid * b.narrow_.mid;
      const double x = std::fabs(a.narrow_.mid);
      const double y = std::fabs(b.narrow_.mid);
      // The radius of the least values that they may stand for.
      const double least_x = std::max(kNarrowDown * (x - a.narrow_.doubt), 0.0);
      const double least_y = std::max(kNarrowDown * (y - b.narrow_.doubt), 0.0);
      return narrow_result(
          a, b,
          {mid,
           least(least_x * b.narrow_.radius + least_y * a.narrow_.radius +
                 a.narrow_.radius * b.narrow_.radius),
           kNarrowUp * (x * b.narrow_.doubt + y * a.narrow_.doubt +
                        a.narrow_.doubt * b.narrow_.doubt +
                        std::fabs(mid) * kNarrowRounding) +
               kUnderflow});
    }
    if (a.kind_ == Kind::exact || b.kind_ == Kind::exact) {
      return exact_product(a, b);
    }
    return wide_product(a, b);
  }
  friend Number operator-(const Number& a, const Number& b) { return a + -b; }
  Number& operator+=(const Number& b) { return *this = *this + b; }
  Number& operator-=(const Number& b) { return *this = *this + -b; }

 private:
  // A value is a double that may be either, with what it meets; two of them are
  // wide.
  enum class Kind : std::uint8_t { value, narrow, wide, exact };
  template <class Real>
  struct Interval {
    Real mid;
    Real radius;
    Real doubt;
  };

  static constexpr double kInfinite = std::numeric_limits<double>::infinity();
  // More than the 2^-64 by which an operation on long doubles rounds, and the
  // few of them that the calculation of a radius takes; and more than the 2^-53
  // of doubles.
  static constexpr Wide kRounding = 0x1p-62L;
  static constexpr Wide kUp = 1 + 0x1p-58L;
  static constexpr Wide kDown = 1 - 0x1p-58L;
  static constexpr double kNarrowRounding = 0x1p-52;
  static constexpr double kNarrowUp = 1 + 0x1p-48;
  static constexpr double kNarrowDown = 1 - 0x1p-48;
  // Much more than what doubles round by where they are subnormal.
  static constexpr double kUnderflow = 0x1p-1000;

  Number(Kind kind, double mid, double radius, double doubt)
      : kind_(kind), narrow_{mid, radius, doubt} {}
  Number(Kind kind, Wide mid, Wide radius, Wide doubt)
      : kind_(kind), wide_{mid, radius, doubt} {}

  static bool are_narrow(const Number& a, const Number& b) {
    return a.kind_ <= Kind::narrow && b.kind_ <= Kind::narrow &&
           (a.kind_ == Kind::narrow || b.kind_ == Kind::narrow);
  }
  // A radius for sure; NaN stays.
  static double least(double radius) {
    return std::max(kNarrowDown * radius - kUnderflow, 0.0);
  }
  // What is beyond the range of doubles is open.
  static Number narrow_result(const Number& a, const Number& b,
                              const Interval<double>& result) {
    if (!(result.radius < kInfinite)) return nothing(a, b);
    return {Kind::narrow, result.mid, result.radius, result.doubt};
  }
  // What comes of one that is unknown, or open, and any other.
  static Number nothing(const Number& a, const Number& b) {
    const bool surely =
        (a.is_unknown() && !a.is_open()) || (b.is_unknown() && !b.is_open());
    return surely ? unknown() : open();
  }
  Interval<Wide> widened() const {
    if (kind_ == Kind::wide) return wide_;
    if (kind_ == Kind::exact) return {0, 0, 0};
    return {narrow_.mid, narrow_.radius, narrow_.doubt};
  }
  template <class Real>
  static Real with_doubt(const Interval<Real>& of, Real value) {
    constexpr Real kOf =
        std::is_same_v<Real, double> ? Real{kNarrowRounding} : Real{kRounding};
    return of.doubt == 0 ? value : value + of.doubt + kOf * std::fabs(value);
  }
  static Number wide_sum(const Number& a, const Number& b);
  static Number wide_product(const Number& a, const Number& b);
  static Number exact(RootNumber number);
  // By value, and not as members: nothing that they take needs an address, and
  // so the others stay in registers.
  static Number exact_sum(Number a, Number b);
  static Number exact_product(Number a, Number b);
  static RootNumber root_of(const Number& number);
  static int sign_of(const RootNumber& number);

  Kind kind_ = Kind::value;
  union {
    Interval<double> narrow_;  // of a value, too
    Interval<Wide> wide_;
    const RootNumber* exact_;
  };
};

inline Number Number::wide_sum(const Number& a, const Number& b) {
  if (a.is_unknown() || b.is_unknown()) return nothing(a, b);
  const Interval<Wide> x = a.widened();
  const Interval<Wide> y = b.widened();
  const Wide mid = x.mid + y.mid;
  const Wide rounding = std::fabs(mid) * kRounding;
  if (x.doubt == 0 && y.doubt == 0) {
    return within(mid, kUp * (x.radius + y.radius + rounding));
  }
  return {Kind::wide, mid, kDown * (x.radius + y.radius),
          kUp * (x.doubt + y.doubt + rounding)};
}

inline Number Number::wide_product(const Number& a, const Number& b) {
  if (a.is_unknown() || b.is_unknown()) return nothing(a, b);
  const Interval<Wide> p = a.widened();
  const Interval<Wide> q = b.widened();
  const Wide mid = p.mid * q.mid;
  const Wide rounding = std::fabs(mid) * kRounding;
  const Wide x = std::fabs(p.mid);
  const Wide y = std::fabs(q.mid);
  if (p.doubt == 0 && q.doubt == 0) {
    return within(mid, kUp * (x * q.radius + y * p.radius +
                              p.radius * q.radius + rounding));
  }
  // The radius of the least values that they may stand for.
  const Wide least_x = x > p.doubt ? kDown * (x - p.doubt) : 0;
  const Wide least_y = y > q.doubt ? kDown * (y - q.doubt) : 0;
  return {
      Kind::wide, mid,
      kDown * (least_x * q.radius + least_y * p.radius + p.radius * q.radius),
      kUp * (x * q.doubt + y * p.doubt + p.doubt * q.doubt + rounding)};
}

inline Number squared(const Number& a) { return a * a; }

}  // namespace exactbn
