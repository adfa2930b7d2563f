// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/short_fraction.h"

#include <gtest/gtest.h>

namespace exactbn::short_fraction_test {
namespace {

TEST(ShortFraction, IsInLowestTerms) {
  EXPECT_EQ(short_fraction(Surd{6, 0, 1, 4}), "3/2");
  EXPECT_EQ(short_fraction(Surd{-6, 0, 1, 3}), "-2");
  EXPECT_EQ(short_fraction(Surd{Dyadic(Integer(5), -3), 0, 1, 1}), "5/8");
  EXPECT_EQ(
      short_fraction(Surd{Dyadic(Integer(5), 3), 0, 1, Dyadic(Integer(1), 1)}),
      "20");
  EXPECT_EQ(short_fraction(Surd{0, 0, 1, 7}), "0");
  EXPECT_EQ(short_fraction(Surd{1, -2, 4, 1}), "0");
}

// (1 + 2 / (3/4)) / 1; w = 9 with an odd exponent; w = 9/2 and 2 are not
// squares.
TEST(ShortFraction, TakesTheRootOfASquare) {
  EXPECT_EQ(short_fraction(Surd{1, 2, Dyadic(Integer(9), -4), 1}), "11/3");
  EXPECT_EQ(short_fraction(Surd{1, 2, Dyadic(Integer(18), -1), 1}), "5/3");
  EXPECT_EQ(short_fraction(Surd{1, 2, Dyadic(Integer(9), -1), 1}), "");
  EXPECT_EQ(short_fraction(Surd{1, 2, 2, 1}), "");
}

TEST(ShortFraction, IsEmptyIfItIsLong) {
  EXPECT_EQ(short_fraction(Surd{Dyadic(Integer(1) << 50, 0), 0, 1, 1}),
            "1125899906842624");
  EXPECT_EQ(short_fraction(Surd{Dyadic(Integer(1) << 54, 0), 0, 1, 1}), "");
  EXPECT_EQ(short_fraction(Surd{Dyadic(Integer(1), -100'000'000), 0, 1, 1}),
            "");
  EXPECT_EQ(short_fraction(Surd{1, 1, Dyadic(Integer(1), 100'000'000), 1}), "");
}

}  // namespace
}  // namespace exactbn::short_fraction_test
