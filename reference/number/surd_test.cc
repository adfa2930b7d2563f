// SPDX-License-Identifier: Apache-2.0
#include "reference/number/surd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "reference/format.h"
#include "reference/testing/digits.h"
#include "reference/testing/trials.h"

namespace exactbn::surd_test {
namespace {

using Big = Digits1000;

Big big(const Dyadic& x) { return ldexp(Big(x.n), static_cast<int>(x.e)); }
Big big(const Surd& s) {
  return (big(s.p) + big(s.q) / sqrt(big(s.w))) / big(s.d);
}

Dyadic small(std::mt19937_64& rng, int bits, int exponents) {
  const auto n = static_cast<std::int64_t>(rng() >> (64 - bits));
  const auto e =
      static_cast<std::int64_t>(rng() % static_cast<std::uint64_t>(exponents));
  return {(rng() & 1) != 0 ? -n : n, e - exponents / 2};
}

Surd any_surd(std::mt19937_64& rng) {
  const int bits = 1 + static_cast<int>(rng() % 40);
  const int exponents = 1 + static_cast<int>(rng() % 60);
  Surd s{small(rng, bits, exponents), small(rng, bits, exponents),
         small(rng, bits, exponents), small(rng, bits, exponents)};
  for (Dyadic* positive : {&s.w, &s.d}) {
    positive->n = abs(positive->n) + 1;
  }
  if (rng() % 8 == 0) s.w = s.w * s.w;
  if (rng() % 8 == 0) s.p = s.p - s.p;
  return s;
}

// The value halfway between two finite values.
Dyadic midpoint(std::uint64_t a, std::uint64_t b, DType dtype) {
  Dyadic sum = decode(a, dtype) + decode(b, dtype);
  sum.e -= 1;
  return sum;
}

// Compares with the midpoints on either side.
bool is_nearest(const Surd& s, std::uint64_t bits, DType dtype) {
  const Format f = format(dtype);
  const std::uint64_t size = magnitude(bits, dtype);
  const Surd up = sign(s) < 0 ? Surd{-s.p, -s.q, s.w, s.d} : s;
  if (sign(s) != 0 && size != 0 && (sign(s) < 0) != is_negative(bits, dtype)) {
    return false;
  }
  const bool even = size % 2 == 0;
  if (size + 1 < f.overflow()) {
    const int above = compare(up, midpoint(size, size + 1, dtype));
    if (above > 0 || (above == 0 && !even)) return false;
  }
  if (size == f.overflow()) {
    const Dyadic half_ulp{1, f.emax - f.precision};
    return compare(up, decode(size - 1, dtype) + half_ulp) >= 0;
  }
  if (size == 0) return true;
  const int below = compare(up, midpoint(size - 1, size, dtype));
  return below > 0 || (below == 0 && even);
}

TEST(Surd, RoundsToTheNearestOfEveryFormat) {
  std::mt19937_64 rng(1);
  for (int trial = 0; trial < trials(50'000); ++trial) {
    const Surd s = any_surd(rng);
    for (const DType dtype : kDTypes) {
      ASSERT_TRUE(is_nearest(s, round_to(s, dtype), dtype))
          << format(dtype).name << ' ' << big(s);
    }
  }
}

TEST(Surd, AgreesWithAThousandDigits) {
  std::mt19937_64 rng(2);
  for (int trial = 0; trial < trials(20'000); ++trial) {
    const Surd s = any_surd(rng);
    const Big expected = big(s);
    const bool zero = abs(expected) < Big("1e-300");
    ASSERT_EQ(sign(s), zero ? 0 : expected.sign()) << expected;
    if (zero) continue;
    const Big relative = Big(approximate(s)) / expected - 1;
    ASSERT_LE(abs(relative), ldexp(Big(1), -64)) << expected;
    ASSERT_EQ(leading_exponent(s), ilogb(expected)) << expected;
    const std::int64_t k = static_cast<std::int64_t>(rng() % 200) - 60;
    const ScaledFloor f = scaled_floor(s, k);
    const Big scaled = ldexp(abs(expected), static_cast<int>(k));
    ASSERT_EQ(Big(f.n), floor(scaled + Big("1e-300"))) << expected;
  }
}

int significant_bits(const Dyadic& x) {
  if (x.sign() == 0) return 0;
  return static_cast<int>(bit_length(x.n)) - static_cast<int>(lsb(abs(x.n)));
}

// mid has at most `bits` bits, and rad bounds its distance from the number.
void expect_encloses(const Enclosure& e, const Big& number, int bits) {
  ASSERT_LE(significant_bits(e.mid), bits);
  const Big error = abs(number - big(e.mid));
  const Big negligible = ldexp(abs(number), -1300);  // of 3322 bits
  ASSERT_LE(error, big(e.rad) + negligible) << number << ' ' << bits;
  if (e.rad.sign() == 0) return;
  ASSERT_GT(error, negligible) << "exact, but rad is not 0: " << number;
  ASSERT_EQ(significant_bits(e.rad), 1);
  ASSERT_LE(big(e.rad), ldexp(abs(number), -bits)) << number << ' ' << bits;
}

TEST(Surd, IsEnclosedByTheRequestedBits) {
  std::mt19937_64 rng(3);
  int exact = 0;
  for (int trial = 0; trial < 5000; ++trial) {
    const Surd s = any_surd(rng);
    for (const int bits : {1, 2, 24, 64, 200, 1000}) {
      const Enclosure e = enclose(s, bits);
      if (sign(s) == 0) {
        ASSERT_TRUE(e.mid.sign() == 0 && e.rad.sign() == 0);
        continue;
      }
      expect_encloses(e, big(s), bits);
      if (HasFatalFailure()) return;
      if (e.rad.sign() == 0) ++exact;
    }
  }
  EXPECT_GT(exact, 500);
}

// If w is a square and d a power of two, s is n 2^e, and the bits of n suffice.
TEST(Surd, IsEnclosedWithoutErrorByAllItsBits) {
  std::mt19937_64 rng(4);
  for (int trial = 0; trial < 10'000; ++trial) {
    const Integer n = Integer(rng() | 1) << 40 | (rng() >> 24 | 1);
    const int length = static_cast<int>(bit_length(n));
    const Dyadic root{1, static_cast<std::int64_t>(rng() % 80) - 40};
    const Dyadic p = small(rng, 40, 60);
    const Dyadic number{(rng() & 1) != 0 ? Integer(-n) : n, -50};
    const Surd s{p, (number - p) * root, root * root, 1};
    for (const int bits : {length, length + 1, length + 100}) {
      const Enclosure all = enclose(s, bits);
      ASSERT_EQ(compare(all.mid, number), 0);
      ASSERT_EQ(all.rad.sign(), 0);
    }
    // The last bit of n is 1: one bit fewer leaves half a unit.
    const Enclosure short_of_one = enclose(s, length - 1);
    ASSERT_EQ(compare(short_of_one.rad, Dyadic(1, -50)), 0);
    const Dyadic error = number - short_of_one.mid;
    ASSERT_EQ(compare(error * error, Dyadic(1, -100)), 0);
  }
}

// 1 - sqrt(1 - 2^-2000) = 2^-2001 (1 + 2^-2002 + ...): the first bit is 2001
// places below p, and the next one another 2002.
TEST(Surd, IsEnclosedAfterAnyCancellation) {
  const Dyadic w = Dyadic(1) - Dyadic(1, -2000);
  const Surd s{1, -w, w, 1};
  for (const int bits : {1, 64, 1000}) {
    const Enclosure e = enclose(s, bits);
    EXPECT_EQ(compare(e.mid, Dyadic(1, -2001)), 0);
    EXPECT_EQ(compare(e.rad, Dyadic(1, -2001 - bits)), 0);
  }
  const Enclosure e = enclose(s, 2003);
  EXPECT_EQ(compare(e.mid, Dyadic(1, -2001) + Dyadic(1, -4003)), 0);
  EXPECT_EQ(enclose(Surd{2, -4, 4, 1}, 64).rad.sign(), 0);
}

// sqrt(1 - 2^-100) rounds up, through all its ones, to 1.
TEST(Surd, ACarryKeepsTheEnclosureShort) {
  const Dyadic w = Dyadic(1) - Dyadic(1, -100);
  const Enclosure e = enclose(Surd{0, -w, w, 1}, 64);
  EXPECT_EQ(compare(e.mid, -1), 0);
  EXPECT_EQ(compare(e.rad, Dyadic(1, -65)), 0);
  EXPECT_EQ(bit_length(e.mid.n), 64);
  EXPECT_EQ(approximate(Surd{0, -w, w, 1}), -1);
}

// w = 4, gamma = 1 + 2^-23, beta = 1: y = 1 + (1 + 2^-23) xhat / 2 with xhat =
// 1 lies halfway between two floats.
TEST(Surd, AnExactTieGoesToEven) {
  const Dyadic gamma = Dyadic(1) + Dyadic(1, -23);
  const Surd tie{1, gamma, 4, 1};
  EXPECT_EQ(compare(tie, Dyadic(3, -1) + Dyadic(1, -24)), 0);
  EXPECT_EQ(round_to(tie, DType::f32), 0x3fc00000U);
  const Surd next{Dyadic(1) + Dyadic(1, -23), gamma, 4, 1};
  EXPECT_EQ(round_to(next, DType::f32), 0x3fc00002U);
}

// 1 - sqrt(1 - 2^-2000) is about 2^-2001: nothing but cancellation.
TEST(Surd, FindsTheFirstBitAfterAnyCancellation) {
  const Dyadic w = Dyadic(1) - Dyadic(1, -2000);
  const Surd s{1, -w, w, 1};
  EXPECT_EQ(sign(s), 1);
  EXPECT_EQ(leading_exponent(s), -2001);
  EXPECT_EQ(round_to(s, DType::f64), 0U);
  EXPECT_EQ(approximate(s), std::ldexp(1.0L, -2001));
  EXPECT_EQ(sign(Surd{2, -4, 4, 1}), 0);
}

TEST(Surd, SubnormalAndOverflow) {
  const Surd tiny{0, Dyadic(3, -150), 4, 1};  // 3/4 of the smallest float
  EXPECT_EQ(round_to(tiny, DType::f32), 1U);
  const Surd half{0, Dyadic(1, -149), 4, 1};
  EXPECT_EQ(round_to(half, DType::f32), 0U);
  const Surd negative{0, Dyadic(-3, -150), 4, 1};
  EXPECT_EQ(round_to(negative, DType::f32), 0x80000001U);
  const Surd huge{0, Dyadic(-1, 2000), 2, 1};
  EXPECT_EQ(round_to(huge, DType::f64), 0xfff0000000000000U);
}

}  // namespace
}  // namespace exactbn::surd_test
