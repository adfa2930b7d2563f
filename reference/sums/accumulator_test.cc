// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/accumulator.h"

#include <gtest/gtest.h>

#include <limits>

#include "reference/draw.h"

namespace exactbn::accumulator_test {
namespace {

TEST(ExactSum, IsTheSumOfWhatWasAdded) {
  Draw draw(1);
  for (int run = 0; run < 200; ++run) {
    ExactSum sum;
    Dyadic expected;
    // Few exponents, so that terms overlap, or all of them.
    const std::uint64_t range = run % 2 ? 4197 : 40;
    for (int i = 0; i < 100; ++i) {
      const auto n = static_cast<std::int64_t>(draw.bits()) >> draw.below(64);
      const int e = static_cast<int>(draw.below(range)) - 2148;
      sum.add(n, e);
      expected += Dyadic(Integer(n), e);
    }
    EXPECT_EQ(sum.value(), expected);
  }
}

TEST(ExactSum, TakesProductsAndDoublesOfAnySize) {
  Draw draw(2);
  for (int run = 0; run < 2000; ++run) {
    const std::uint64_t all = (std::uint64_t{1} << 53) - 1;
    const auto significand = [&] {
      const std::uint64_t n = draw.below(2) ? all : draw.bits() & all;
      return static_cast<std::int64_t>(n) * (draw.sign() < 0 ? -1 : 1);
    };
    const auto exponent = [&] {
      const int ends[] = {-1074, 971};
      return draw.below(2) ? ends[draw.below(2)]
                           : static_cast<int>(draw.below(2046)) - 1074;
    };
    const Scaled a{significand(), exponent()};
    const Scaled b{significand(), exponent()};
    const double value = draw.normal() * 0x1p-900;
    ExactSum sum;
    sum.add_product(a, b);
    sum.add(value);
    EXPECT_EQ(sum.value(), Dyadic(a.n, a.e) * Dyadic(b.n, b.e) + dyadic(value));
  }
}

TEST(ExactSum, CarriesInLongSums) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t times : {100, (3 << 20) + 5}) {
    for (const std::int64_t n : {kMost, -kMost, std::int64_t{-1}}) {
      ExactSum sum;
      for (std::int64_t i = 0; i < times; ++i) sum.add(n, 2047);
      EXPECT_EQ(sum.value(), Dyadic(Integer(n) * times, 2047));
    }
  }
}

// Takes some seconds: without carries a digit overflows only after 2^31 terms.
TEST(ExactSum, DISABLED_CarriesBeforeADigitIsFull) {
  constexpr std::int64_t kTimes = std::int64_t{1} << 32;
  constexpr std::int64_t kOnes = (std::int64_t{1} << 32) - 1;
  ExactSum sum;
  for (std::int64_t i = 0; i < kTimes; ++i) sum.add(kOnes, 0);
  EXPECT_EQ(sum.value(), Dyadic(Integer(kOnes) * kTimes, 0));
}

TEST(ExactSum, ValueIsCanonical) {
  ExactSum sum;
  EXPECT_EQ(sum.value().e, 0);
  sum.add(12, 1000);
  sum.add(-12, -1000);
  sum.add(-12, 1000);
  EXPECT_EQ(sum.value().n, -3);
  EXPECT_EQ(sum.value().e, -998);
  sum.add(3, -998);
  EXPECT_EQ(sum.value().n, 0);
  EXPECT_EQ(sum.value().e, 0);
}

}  // namespace
}  // namespace exactbn::accumulator_test
