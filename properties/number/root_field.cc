// SPDX-License-Identifier: Apache-2.0
#include "properties/number/root_field.h"

#include <optional>
#include <stdexcept>

namespace exactbn {

namespace {

using Rational = RootNumber::Rational;
using Whole = boost::multiprecision::cpp_int;

Rational rational(const Dyadic& value) {
  const Whole n(value.n);
  const auto shift = static_cast<std::size_t>(std::abs(value.e));
  return value.e < 0 ? Rational(n, Whole(1) << shift)
                     : Rational(Whole(n << shift));
}

std::optional<Whole> root_of(const Whole& square) {
  Whole rest;
  Whole root = sqrt(square, rest);
  if (!rest.is_zero()) return std::nullopt;
  return root;
}

// sqrt(a / b) for a, b > 0.
Rational root_of_quotient(const Rational& a, const Rational& b) {
  const Rational quotient = a / b;
  const auto n = root_of(numerator(quotient));
  const auto d = root_of(denominator(quotient));
  if (!n || !d) throw std::domain_error("numbers with different roots");
  return Rational(*n, *d);
}

}  // namespace

RootNumber::RootNumber(const Dyadic& value) : a_(rational(value)) {}

RootNumber::RootNumber(const Surd& value)
    : a_(rational(value.p) / rational(value.d)),
      b_(rational(value.q) / rational(value.d)),
      w_(rational(value.w)) {}

RootNumber::RootNumber(Rational a, Rational b, Rational w)
    : a_(std::move(a)), b_(std::move(b)), w_(std::move(w)) {}

int RootNumber::sign() const {
  const int p = a_.sign();
  const int q = b_.sign();
  if (p == 0 || q == 0 || p == q) return p != 0 ? p : q;
  // Opposite signs: the larger magnitude decides; compare the squares.
  const Rational square = a_ * a_ * w_;
  const int larger = square.compare(Rational(b_ * b_));
  return larger > 0 ? p : larger < 0 ? q : 0;
}

namespace {

// The factor of 1 / sqrt(to) that equals b / sqrt(from).
Rational moved(const Rational& b, const Rational& from, const Rational& to) {
  if (b.is_zero() || from == to) return b;
  return b * root_of_quotient(to, from);
}

}  // namespace

RootNumber operator+(const RootNumber& x, const RootNumber& y) {
  const Rational& w = x.b_.is_zero() ? y.w_ : x.w_;
  return {x.a_ + y.a_, x.b_ + moved(y.b_, y.w_, w), w};
}

RootNumber operator*(const RootNumber& x, const RootNumber& y) {
  const Rational& w = x.b_.is_zero() ? y.w_ : x.w_;
  const Rational b = moved(y.b_, y.w_, w);
  return {x.a_ * y.a_ + x.b_ * b / w, x.a_ * b + x.b_ * y.a_, w};
}

}  // namespace exactbn
