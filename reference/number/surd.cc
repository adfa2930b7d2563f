// SPDX-License-Identifier: Apache-2.0
#include "reference/number/surd.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace exactbn {

int sign(const Surd& s) {
  const int p = s.p.sign();
  const int q = s.q.sign();
  if (p == 0 || q == 0 || p == q) return p != 0 ? p : q;
  // Opposite signs: the larger magnitude wins, and both are compared squared.
  const int larger = compare(s.p * s.p * s.w, s.q * s.q);
  return larger > 0 ? p : larger < 0 ? q : 0;
}

Surd operator-(const Surd& s, const Dyadic& c) {
  return {s.p - c * s.d, s.q, s.w, s.d};
}

int compare(const Surd& s, const Dyadic& c) { return sign(s - c); }

namespace {

// floor((p 2^j + sign(q) sqrt(b)) / (d 2^j)), exact because floor(x / d) =
// floor(floor(x) / d) for an integer d, and floor(a + x) = a + floor(x) for an
// integer a. The number is positive.
ScaledFloor floor_of_positive(const Surd& s, std::int64_t k) {
  // s 2^k = (p.n 2^up + q.n sqrt(2^t / w.n)) / d.n; 2^down makes p an integer.
  const std::int64_t up = s.p.e + k - s.d.e;
  const std::int64_t down =
      s.p.n.is_zero() ? 0 : std::max<std::int64_t>(0, -up);
  Integer whole = s.p.n.is_zero() ? Integer(0) : shifted(s.p.n, up + down);
  bool inexact = false;
  if (!s.q.n.is_zero()) {
    const std::int64_t t = 2 * (s.q.e + k - s.d.e + down) - s.w.e;
    Integer square = s.q.n * s.q.n;
    Integer below = s.w.n;
    (t >= 0 ? square : below) <<= static_cast<std::size_t>(std::abs(t));
    Integer floor_square;
    Integer rest;
    divide_qr(square, below, floor_square, rest);
    Integer root_rest;
    const Integer root = sqrt(floor_square, root_rest);
    inexact = !rest.is_zero() || !root_rest.is_zero();
    whole += s.q.sign() > 0 ? root : Integer(-root - (inexact ? 1 : 0));
  }
  const Integer divisor = shifted(s.d.n, down);
  ScaledFloor result;
  Integer rest;
  divide_qr(whole, divisor, result.n, rest);
  result.inexact = inexact || !rest.is_zero();
  return result;
}

// An upper bound on the leading exponent, tight unless p and q / sqrt(w)
// cancel.
std::int64_t exponent_bound(const Surd& s) {
  const auto top = [](const Dyadic& x) { return x.e + bit_length(x.n); };
  std::int64_t bound = std::numeric_limits<std::int64_t>::min();
  if (s.p.sign() != 0) bound = top(s.p);
  if (s.q.sign() != 0) {
    const std::int64_t twice = 2 * top(s.q) - (top(s.w) - 1);
    bound = std::max(bound, (twice >> 1) + 1);
  }
  return bound + 1 - (top(s.d) - 1);
}

}  // namespace

Surd absolute(const Surd& s) {
  return sign(s) < 0 ? Surd{-s.p, -s.q, s.w, s.d} : s;
}

Leading leading_bits(const Surd& s, std::int64_t bits, std::int64_t limit) {
  // The bound is loose by less than 5 bits if nothing cancels.
  std::int64_t k = std::min(bits + 5 - exponent_bound(s), limit);
  std::int64_t step = bits;
  while (true) {
    ScaledFloor floor = scaled_floor(s, k);
    const std::int64_t missing = bits - bit_length(floor.n);
    if (missing <= 0 || k == limit) return {std::move(floor), k};
    // Cancellation: s is not 0, so doubling the reach finds its first bit.
    k = std::min(k + (floor.n.is_zero() ? step : missing), limit);
    step *= 2;
  }
}

ScaledFloor scaled_floor(const Surd& s, std::int64_t k) {
  return floor_of_positive(absolute(s), k);
}

namespace {
constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
}

std::int64_t leading_exponent(const Surd& s) {
  const Leading leading = leading_bits(absolute(s), 1, kNoLimit);
  return bit_length(leading.floor.n) - 1 - leading.k;
}

Enclosure enclose(const Surd& s, int bits) {
  const int sgn = sign(s);
  if (sgn == 0) return {};
  const auto [floor, k] = leading_bits(absolute(s), bits + 1, kNoLimit);
  // At least one bit is cut off. The first decides the rounding; all of them
  // and `inexact` tell whether the result is exact.
  const std::int64_t cut = bit_length(floor.n) - bits;
  Integer kept = shifted(floor.n, -cut);
  const bool exact = !floor.inexact && shifted(kept, cut) == floor.n;
  if (bit_test(floor.n, static_cast<unsigned>(cut - 1))) ++kept;
  Dyadic mid{sgn < 0 ? Integer(-kept) : kept, cut - k};
  // A carry out of the leading bit leaves a power of two, one bit too long.
  if (bit_length(kept) > bits) mid = {shifted(mid.n, -1), mid.e + 1};
  return {std::move(mid), exact ? Dyadic{} : Dyadic{1, cut - 1 - k}};
}

long double approximate(const Surd& s) {
  const Dyadic mid = enclose(s, 64).mid;
  // Beyond any long double; the clamp keeps the exponent an int.
  const auto exponent =
      static_cast<int>(std::clamp<std::int64_t>(mid.e, -1'000'000, 1'000'000));
  return std::ldexp(static_cast<long double>(mid.n), exponent);
}

}  // namespace exactbn
