// SPDX-License-Identifier: Apache-2.0
#include "properties/number.h"

#include <stdexcept>
#include <utility>

namespace exactbn {

namespace {

thread_local ExactNumbers* used = nullptr;

}  // namespace

ExactNumbers::Use::Use(ExactNumbers& numbers) : before_(used) {
  used = &numbers;
}

ExactNumbers::Use::~Use() { used = before_; }

const RootNumber* ExactNumbers::keep(RootNumber number) {
  if (!used) throw std::logic_error("nobody keeps this exact number");
  return &used->numbers_.emplace_back(std::move(number));
}

namespace {

RootNumber root_number(double value) { return RootNumber(dyadic(value)); }

}  // namespace

Number Number::exact(RootNumber number) {
  Number n;
  n.exact_ = ExactNumbers::keep(std::move(number));
  return n;
}

Number Number::exact(const Dyadic& value) { return exact(RootNumber(value)); }

Number Number::exact(const Surd& value) { return exact(RootNumber(value)); }

Number Number::about(const Surd& value) {
  const Wide mid = approximate(value);
  return within(mid, std::fabs(mid) * kRounding);
}

int Number::sign_of(const RootNumber& number) { return number.sign(); }

Number Number::exact_sum(Number a, Number b) {
  if (a.is_unknown() || b.is_unknown()) return unknown();
  return exact(
      (a.exact_ ? *a.exact_ : root_number(static_cast<double>(a.mid_))) +
      (b.exact_ ? *b.exact_ : root_number(static_cast<double>(b.mid_))));
}

Number Number::exact_product(Number a, Number b) {
  if (a.is_unknown() || b.is_unknown()) return unknown();
  return exact(
      (a.exact_ ? *a.exact_ : root_number(static_cast<double>(a.mid_))) *
      (b.exact_ ? *b.exact_ : root_number(static_cast<double>(b.mid_))));
}

}  // namespace exactbn
