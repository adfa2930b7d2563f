// SPDX-License-Identifier: Apache-2.0
#include "properties/number.h"

#include <cmath>

namespace exactbn {

namespace {

constexpr Wide kInfinite = std::numeric_limits<Wide>::infinity();
// More than the 2^-64 by which an operation on long doubles rounds, and the few
// of them that the calculation of a radius takes.
constexpr Wide kRounding = 0x1p-62L;
constexpr Wide kUp = 1 + 0x1p-58L;

RootNumber root_number(double value) { return RootNumber(dyadic(value)); }

}  // namespace

Number Number::within(Wide value, Wide radius) {
  Number n;
  n.mid_ = value;
  n.radius_ = radius;
  return n;
}

Number Number::unknown() { return within(0, kInfinite); }

Number Number::exact(const Dyadic& value) {
  Number n;
  n.exact_ = std::make_shared<const RootNumber>(value);
  return n;
}

Number Number::exact(const Surd& value) {
  Number n;
  n.exact_ = std::make_shared<const RootNumber>(value);
  return n;
}

Number Number::about(const Surd& value) {
  const Wide mid = approximate(value);
  return within(mid, std::fabs(mid) * kRounding);
}

bool Number::is_unknown() const { return !(radius_ < kInfinite); }

bool Number::may_be_zero() const {
  if (is_unknown()) return true;
  if (exact_) return exact_->sign() == 0;
  return std::fabs(mid_) <= radius_;
}

bool Number::may_be_positive_or_zero() const {
  if (is_unknown()) return true;
  if (exact_) return exact_->sign() >= 0;
  return mid_ >= -radius_;
}

Number Number::operator-() const { return Number(-1) * *this; }

Number operator+(const Number& a, const Number& b) {
  if (a.is_unknown() || b.is_unknown()) return Number::unknown();
  if (a.exact_ || b.exact_) {
    Number n;
    n.exact_ = std::make_shared<const RootNumber>(
        (a.exact_ ? *a.exact_ : root_number(static_cast<double>(a.mid_))) +
        (b.exact_ ? *b.exact_ : root_number(static_cast<double>(b.mid_))));
    return n;
  }
  const Wide mid = a.mid_ + b.mid_;
  return Number::within(
      mid, kUp * (a.radius_ + b.radius_ + std::fabs(mid) * kRounding));
}

Number operator*(const Number& a, const Number& b) {
  if (a.is_unknown() || b.is_unknown()) return Number::unknown();
  if (a.exact_ || b.exact_) {
    Number n;
    n.exact_ = std::make_shared<const RootNumber>(
        (a.exact_ ? *a.exact_ : root_number(static_cast<double>(a.mid_))) *
        (b.exact_ ? *b.exact_ : root_number(static_cast<double>(b.mid_))));
    return n;
  }
  const Wide mid = a.mid_ * b.mid_;
  const Wide radius = std::fabs(a.mid_) * b.radius_ +
                      std::fabs(b.mid_) * a.radius_ + a.radius_ * b.radius_ +
                      std::fabs(mid) * kRounding;
  return Number::within(mid, kUp * radius);
}

}  // namespace exactbn
