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
  if (!used)
    throw std::logic_error("no ExactNumbers in use to keep this number");
  return &used->numbers_.emplace_back(std::move(number));
}

Number Number::exact(RootNumber number) {
  Number n;
  n.exact_ = ExactNumbers::keep(std::move(number));
  n.kind_ = Kind::exact;
  return n;
}

Number Number::exact(const Dyadic& value) { return exact(RootNumber(value)); }

Number Number::exact(const Surd& value) { return exact(RootNumber(value)); }

Number Number::about(const Surd& value) {
  const Wide mid = approximate(value);
  return within(mid, std::fabs(mid) * kRounding);
}

Number Number::narrowed() const {
  if (kind_ != Kind::wide || is_unknown()) return *this;
  const auto mid = static_cast<double>(wide_.mid);
  const auto rest = static_cast<double>(std::fabs(wide_.mid - mid));
  return {Kind::narrow, mid, least(static_cast<double>(wide_.radius)),
          kNarrowUp * (static_cast<double>(wide_.doubt) + rest) + kUnderflow};
}

int Number::sign_of(const RootNumber& number) { return number.sign(); }

RootNumber Number::root_of(const Number& number) {
  if (number.kind_ == Kind::exact) return *number.exact_;
  return RootNumber(dyadic(static_cast<double>(number.mid())));
}

Number Number::exact_sum(Number a, Number b) {
  if (a.is_unknown() || b.is_unknown()) return unknown();
  return exact(root_of(a) + root_of(b));
}

Number Number::exact_product(Number a, Number b) {
  if (a.is_unknown() || b.is_unknown()) return unknown();
  return exact(root_of(a) * root_of(b));
}

}  // namespace exactbn
