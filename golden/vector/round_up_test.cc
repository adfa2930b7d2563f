// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/round_up.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "reference/draw.h"

namespace exactbn::round_up_test {
namespace {

TEST(RoundUp, IsTheSmallestOfThreeDigits) {
  EXPECT_EQ(round_up(0), "0");
  EXPECT_EQ(round_up(1), "100e-2");
  EXPECT_EQ(round_up(0.125L), "125e-3");
  EXPECT_EQ(round_up(0.1L), "101e-3");  // which is above 1/10
  EXPECT_EQ(round_up(999.5L), "100e1");
  EXPECT_EQ(round_up(1001), "101e1");
  EXPECT_EQ(round_up(0x1p-1074L), "495e-326");
  EXPECT_EQ(round_up(0x1p+1023L), "899e305");
}

TEST(RoundUp, IsRecoveredFromADouble) {
  Draw draw(1);
  for (int i = 0; i < 2000; ++i) {
    const double x =
        std::abs(to_double(draw_bits(draw, DType::f64), DType::f64));
    const std::string text = round_up(x);
    const double read = std::strtod(text.c_str(), nullptr);
    if (std::isinf(read)) continue;  // 1.80e308
    EXPECT_GE(read, x);
    EXPECT_LE(read, x * 1.0101 + 0x1p-1074);
    if (read < 0x1p-1022) continue;  // a subnormal has fewer digits
    EXPECT_EQ(three_digits(read), text);
  }
}

}  // namespace
}  // namespace exactbn::round_up_test
