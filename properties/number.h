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

// Owns the exact numbers that laws make, for the lifetime of this object. A
// thread can make exact numbers only while it uses such an object. Numbers that
// are not exact, as most are, thus need no reference count or destructor.
class ExactNumbers {
 public:
  ExactNumbers() = default;
  ExactNumbers(const ExactNumbers&) = delete;
  ExactNumbers& operator=(const ExactNumbers&) = delete;

  // The thread uses `numbers` for the lifetime of this object.
  class Use {
   public:
    explicit Use(ExactNumbers& numbers);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    ExactNumbers* before_;
  };

  // Throws std::logic_error if the thread uses no ExactNumbers.
  static const RootNumber* keep(RootNumber number);

 private:
  std::list<RootNumber> numbers_;
};

// The number type of laws, so that each law is written once:
//
// - an interval, for a subject's answer: a value and a radius around it that
//   contains the exact value. Sums and products keep this: if the operands lie
//   in their intervals, the exact result lies in its interval;
// - an exact number, for the definition, on which a law must hold exactly;
// - unknown, which makes every result unknown.
//
// A filter uses cheaper numbers, each in place of an interval: the value
// differs by at most `doubt`, the radius is at most as large, and it may be
// open whether the interval is unknown. bounds.md has the argument. A *narrow*
// number uses doubles: next to answers in short formats their rounding is
// small, and they take a third of the time.
class Number {
 public:
  Number(double value = 0)  // NOLINT: a number is a number
      : narrow_{value, 0, 0} {}
  // The exact value lies within `radius` of `value`.
  static Number within(Wide value, Wide radius) {
    return {Kind::wide, value, radius, 0};
  }
  static Number unknown() { return {Kind::narrow, 0, kInfinite, 0}; }
  static Number exact(const Dyadic& value);
  static Number exact(const Surd& value);
  // An interval around a known number.
  static Number about(const Surd& value);

  // near() stands for an interval with a value within `doubt` of this one and
  // at least that radius; open() for any interval.
  static Number near(Wide value, Wide doubt, Wide radius = 0) {
    return {Kind::wide, value, radius, doubt};
  }
  static Number open() { return {Kind::narrow, 0, kInfinite, kInfinite}; }
  // In a filter: a double with a radius.
  static Number narrow(double value, double radius = 0) {
    return {Kind::narrow, value, radius, 0};
  }
  // The narrow number for the same interval. Exact numbers stay exact.
  Number narrowed() const;

  bool is_unknown() const {
    return kind_ <= Kind::narrow ? !(narrow_.radius < kInfinite)
                                 : !(widened().radius < kInfinite);
  }
  // Whether nothing is known of the interval, not even that it is unknown.
  bool is_open() const {
    return kind_ <= Kind::narrow ? !(narrow_.doubt < kInfinite)
                                 : !(widened().doubt < kInfinite);
  }
  // Whether the exact value may be 0, or may be >= 0. True if unknown. In a
  // filter: whether this is certain for the interval.
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
      // The smallest magnitudes of the values they stand for.
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
  // A `value` is a double that is narrow or wide like the other operand; two of
  // them are wide.
  enum class Kind : std::uint8_t { value, narrow, wide, exact };
  template <class Real>
  struct Interval {
    Real mid;
    Real radius;
    Real doubt;
  };

  static constexpr double kInfinite = std::numeric_limits<double>::infinity();
  // More than the 2^-64 of one rounding in long double, or of the few roundings
  // in a radius; and more than the 2^-53 of doubles.
  static constexpr Wide kRounding = 0x1p-62L;
  static constexpr Wide kUp = 1 + 0x1p-58L;
  static constexpr Wide kDown = 1 - 0x1p-58L;
  static constexpr double kNarrowRounding = 0x1p-52;
  static constexpr double kNarrowUp = 1 + 0x1p-48;
  static constexpr double kNarrowDown = 1 - 0x1p-48;
  // Much more than a rounding error of subnormal doubles.
  static constexpr double kUnderflow = 0x1p-1000;

  Number(Kind kind, double mid, double radius, double doubt)
      : kind_(kind), narrow_{mid, radius, doubt} {}
  Number(Kind kind, Wide mid, Wide radius, Wide doubt)
      : kind_(kind), wide_{mid, radius, doubt} {}

  static bool are_narrow(const Number& a, const Number& b) {
    return a.kind_ <= Kind::narrow && b.kind_ <= Kind::narrow &&
           (a.kind_ == Kind::narrow || b.kind_ == Kind::narrow);
  }
  // A lower bound of a radius; NaN stays NaN.
  static double least(double radius) {
    return std::max(kNarrowDown * radius - kUnderflow, 0.0);
  }
  // A result beyond the range of doubles is open.
  static Number narrow_result(const Number& a, const Number& b,
                              const Interval<double>& result) {
    if (!(result.radius < kInfinite)) return unknown_or_open(a, b);
    return {Kind::narrow, result.mid, result.radius, result.doubt};
  }
  // The result if an operand is unknown or open.
  static Number unknown_or_open(const Number& a, const Number& b) {
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
  // By value and static: operands need no address, so other numbers stay in
  // registers.
  static Number exact_sum(Number a, Number b);
  static Number exact_product(Number a, Number b);
  static RootNumber root_of(const Number& number);
  static int sign_of(const RootNumber& number);

  Kind kind_ = Kind::value;
  union {
    Interval<double> narrow_;  // also of a `value`
    Interval<Wide> wide_;
    const RootNumber* exact_;
  };
};

inline Number Number::wide_sum(const Number& a, const Number& b) {
  if (a.is_unknown() || b.is_unknown()) return unknown_or_open(a, b);
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
  if (a.is_unknown() || b.is_unknown()) return unknown_or_open(a, b);
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
  // The smallest magnitudes of the values they stand for.
  const Wide least_x = x > p.doubt ? kDown * (x - p.doubt) : 0;
  const Wide least_y = y > q.doubt ? kDown * (y - q.doubt) : 0;
  return {
      Kind::wide, mid,
      kDown * (least_x * q.radius + least_y * p.radius + p.radius * q.radius),
      kUp * (x * q.doubt + y * p.doubt + p.doubt * q.doubt + rounding)};
}

inline Number squared(const Number& a) { return a * a; }

}  // namespace exactbn
