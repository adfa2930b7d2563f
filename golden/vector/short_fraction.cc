// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/short_fraction.h"

#include <optional>

namespace exactbn {

namespace {

// More than any sum of products of two f64 has. With more bits no fraction is
// short, unless it has common divisors.
constexpr std::int64_t kMaxBits = 8192;

// sqrt(w), w > 0.
std::optional<Dyadic> exact_root(const Dyadic& w) {
  const bool odd = (w.e & 1) != 0;
  const Integer n = odd ? Integer(w.n << 1) : w.n;
  const Integer root = sqrt(n);
  if (root * root != n) return std::nullopt;
  return Dyadic(root, (odd ? w.e - 1 : w.e) / 2);
}

bool is_small(const Dyadic& x) {
  return bit_length(x.n) <= kMaxBits && x.e <= kMaxBits && x.e >= -kMaxBits;
}

}  // namespace

std::string short_fraction(const Surd& s) {
  constexpr std::size_t kMaxCharacters = 16;
  Dyadic numerator = s.p;
  Dyadic denominator = s.d;
  if (s.q.sign() != 0) {
    if (!is_small(s.w)) return {};
    const std::optional<Dyadic> root = exact_root(s.w);
    if (!root) return {};
    numerator = s.p * *root + s.q;
    denominator = s.d * *root;
  }
  if (numerator.sign() == 0) return "0";
  if (!is_small(numerator) || !is_small(denominator)) return {};
  // n 2^shift / d
  const std::int64_t shift = numerator.e - denominator.e;
  Integer n = shift > 0 ? shifted(numerator.n, shift) : numerator.n;
  Integer d = shift < 0 ? shifted(denominator.n, -shift) : denominator.n;
  const Integer common = gcd(n, d);
  n /= common;
  d /= common;
  std::string text = n.str();
  if (d != 1) text += '/' + d.str();
  return text.size() <= kMaxCharacters ? text : std::string();
}

}  // namespace exactbn
