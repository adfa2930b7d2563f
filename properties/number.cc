// SPDX-License-Identifier: Apache-2.0
#include "properties/number.h"

namespace exactbn {

namespace {

RootNumber root_number(double value) { return RootNumber(dyadic(value)); }

}  // namespace

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

bool Number::exact_may_be_zero() const {
  return is_unknown() || exact_->sign() == 0;
}

bool Number::exact_may_be_positive_or_zero() const {
  return is_unknown() || exact_->sign() >= 0;
}

Number Number::operator-() const {
  if (exact_) return exact_product(Number(-1), *this);
  return {-mid_, radius_, doubt_};
}

Number Number::exact_sum(const Number& a, const Number& b) {
  if (a.is_unknown() || b.is_unknown()) return unknown();
  Number n;
  n.exact_ = std::make_shared<const RootNumber>(
      (a.exact_ ? *a.exact_ : root_number(static_cast<double>(a.mid_))) +
      (b.exact_ ? *b.exact_ : root_number(static_cast<double>(b.mid_))));
  return n;
}

Number Number::exact_product(const Number& a, const Number& b) {
  if (a.is_unknown() || b.is_unknown()) return unknown();
  Number n;
  n.exact_ = std::make_shared<const RootNumber>(
      (a.exact_ ? *a.exact_ : root_number(static_cast<double>(a.mid_))) *
      (b.exact_ ? *b.exact_ : root_number(static_cast<double>(b.mid_))));
  return n;
}

}  // namespace exactbn
