// SPDX-License-Identifier: Apache-2.0
#include "reference/number/dyadic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "reference/draw.h"

namespace exactbn::dyadic_test {
namespace {

TEST(Dyadic, ShiftsTowardZero) {
  for (int n = -70; n <= 70; ++n) {
    for (int shift = -9; shift <= 9; ++shift) {
      const double expected = std::trunc(std::ldexp(n, shift));
      EXPECT_EQ(shifted(n, shift), static_cast<std::int64_t>(expected))
          << n << " 2^" << shift;
    }
  }
}

// With 20 bits and close exponents, doubles hold sums and products too.
TEST(Dyadic, AddsAndMultipliesLikeDoublesThatNeedNotRound) {
  Draw draw(1);
  const auto number = [&draw] {
    const auto n = static_cast<double>(draw.below(1 << 20));
    return std::ldexp(n * draw.sign(), static_cast<int>(draw.below(12)) - 6);
  };
  for (int trial = 0; trial < 10'000; ++trial) {
    const double a = number();
    const double b = draw.below(8) ? number() : a;
    ASSERT_EQ(dyadic(a) + dyadic(b), dyadic(a + b)) << a << ' ' << b;
    ASSERT_EQ(dyadic(a) - dyadic(b), dyadic(a - b)) << a << ' ' << b;
    ASSERT_EQ(dyadic(a) * dyadic(b), dyadic(a * b)) << a << ' ' << b;
    ASSERT_EQ(compare(dyadic(a), dyadic(b)), (a > b) - (a < b));
  }
}

TEST(Dyadic, IsTheValueOfEveryFiniteDouble) {
  using Limits = std::numeric_limits<double>;
  EXPECT_EQ(dyadic(Limits::max()),
            Dyadic((std::int64_t{1} << 53) - 1, 1023 - 52));
  EXPECT_EQ(dyadic(-Limits::denorm_min()), Dyadic(-1, -1074));
  EXPECT_EQ(dyadic(-0.0), Dyadic());
  EXPECT_THROW(dyadic(Limits::infinity()), std::invalid_argument);
  EXPECT_THROW(dyadic(Limits::quiet_NaN()), std::invalid_argument);
}

}  // namespace
}  // namespace exactbn::dyadic_test
