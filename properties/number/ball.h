// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <concepts>
#include <limits>

#include "reference/ulp.h"

namespace exactbn {

// Ball arithmetic for the textbook: a real number within `radius` of `mid`;
// exact results lie in their balls. A radius of kAny or more stands for any
// number, an infinity or NaN. kAny is finite, as processors take a hundred
// times as long for a long double infinity.
struct Ball {
  Wide mid = 0;
  Wide radius = 0;

  Ball() = default;
  template <std::integral Number>
  Ball(Number value)  // NOLINT: a number is a number
      : mid(static_cast<Wide>(value)) {}
  template <std::floating_point Number>
  Ball(Number value)  // NOLINT: a number is a number
      : Ball(std::isfinite(value) ? Ball(static_cast<Wide>(value), 0) : any()) {
  }
  Ball(Wide m, Wide r) : mid(m), radius(r) {}

  static constexpr bool kEncloses = true;

  // Whether it is known to be a number, within a finite radius.
  bool is_bounded() const { return radius < kAny; }

  Ball operator-() const { return {-mid, radius}; }
  Ball& operator+=(const Ball& b) { return *this = *this + b; }
  Ball& operator-=(const Ball& b) { return *this = *this - b; }
  Ball& operator*=(const Ball& b) { return *this = *this * b; }
  Ball& operator/=(const Ball& b) { return *this = *this / b; }

  friend Ball operator+(const Ball& a, const Ball& b) {
    if (!a.is_bounded() || !b.is_bounded()) return any();
    return rounded(a.mid + b.mid, a.radius + b.radius);
  }
  friend Ball operator-(const Ball& a, const Ball& b) {
    if (!a.is_bounded() || !b.is_bounded()) return any();
    return rounded(a.mid - b.mid, a.radius + b.radius);
  }
  friend Ball operator*(const Ball& a, const Ball& b) {
    if (!a.is_bounded() || !b.is_bounded()) return any();
    return rounded(a.mid * b.mid, std::fabs(a.mid) * b.radius +
                                      std::fabs(b.mid) * a.radius +
                                      a.radius * b.radius);
  }
  friend Ball operator/(const Ball& a, const Ball& b) {
    if (!a.is_bounded() || !b.is_bounded()) return any();
    const Wide least = kDown * (std::fabs(b.mid) - b.radius);
    if (!(least > 0)) return any();
    const Wide quotient = a.mid / b.mid;
    return rounded(quotient,
                   (a.radius + std::fabs(quotient) * b.radius) / least);
  }
  friend Ball sqrt(const Ball& a) {
    if (!a.is_bounded() || !(a.mid > a.radius)) return any();
    const Wide root = std::sqrt(a.mid);
    // |sqrt(b) - sqrt(a)| = |b - a| / (sqrt(b) + sqrt(a))
    return rounded(root, a.radius / root);
  }

 private:
  // The relative rounding error in long double is at most 2^-64.
  static constexpr Wide kUp = 1 + 0x1p-58L;
  static constexpr Wide kDown = 1 - 0x1p-58L;
  // Products of smaller numbers stay in the range of a long double.
  static constexpr Wide kAny = 0x1p8000L;
  static Ball any() { return {0, kAny}; }
  static Ball rounded(Wide m, Wide r) {
    // If m overflowed or is NaN, the radius is not below kAny.
    const Wide radius = kUp * (r + std::fabs(m) * 0x1p-63L);
    return radius < kAny ? Ball(m, radius) : any();
  }
};

}  // namespace exactbn

template <>
struct Eigen::NumTraits<exactbn::Ball>
    : Eigen::GenericNumTraits<exactbn::Ball> {
  using Real = exactbn::Ball;
  using NonInteger = exactbn::Ball;
  using Nested = exactbn::Ball;
  enum {
    IsInteger = 0,
    IsSigned = 1,
    IsComplex = 0,
    RequireInitialization = 1,
    ReadCost = 2,
    AddCost = 4,
    MulCost = 8
  };
};
