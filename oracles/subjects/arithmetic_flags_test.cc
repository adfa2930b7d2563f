// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/arithmetic_flags.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace exactbn::arithmetic_flags_test {
namespace {

// A product that no compiler evaluates at compile time.
double product(double a, double b) {
  const volatile double x = a;
  const volatile double y = b;
  return x * y;
}

TEST(RangeFlags, TellOverflowAndUnderflowAlone) {
  const RangeFlags flags;
  EXPECT_EQ(product(3, 1.0 / 3), 1);
  EXPECT_EQ(product(0x1p-1022, 0x1p-40), 0x1p-1062);  // exact
  EXPECT_FALSE(flags.raised());
  EXPECT_EQ(product(0x1p1000, 0x1p1000), HUGE_VAL);
  EXPECT_TRUE(flags.raised());
  const RangeFlags anew;
  EXPECT_FALSE(anew.raised());
  EXPECT_EQ(product(0x1p-1000, 0x1p-1000), 0);
  EXPECT_TRUE(anew.raised());
}

#if defined(EXACTBN_HAS_X87)
long double sum(long double a, long double b) {
  const volatile long double x = a;
  const volatile long double y = b;
  return x + y;
}

TEST(X87InDoublePrecision, RoundsTo53BitsInAWiderRange) {
  {
    const X87InDoublePrecision doubles;
    EXPECT_EQ(sum(1, 0x1p-53L), 1);
    EXPECT_EQ(sum(1, 0x1.8p-53L), 1 + 0x1p-52L);
    EXPECT_EQ(sum(0x1p5000L, 0x1p4940L), 0x1p5000L);
    EXPECT_FALSE(doubles.left_range());
    EXPECT_EQ(sum(std::numeric_limits<long double>::max(),
                  std::numeric_limits<long double>::max()),
              std::numeric_limits<long double>::infinity());
    EXPECT_TRUE(doubles.left_range());
  }
  EXPECT_EQ(sum(1, 0x1p-63L) - 1, 0x1p-63L);
}
#endif

}  // namespace
}  // namespace exactbn::arithmetic_flags_test
