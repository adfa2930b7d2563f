// SPDX-License-Identifier: Apache-2.0
#include "reference/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace exactbn::draw_test {
namespace {

// Values from the reference implementation of SplitMix64.
TEST(Draw, IsSplitMix64) {
  Draw zero(0);
  EXPECT_EQ(zero.bits(), 0xe220a8397b1dcdafu);
  Draw other(1234567);
  EXPECT_EQ(other.bits(), 6457827717110365317u);
  EXPECT_EQ(other.bits(), 3203168211198807973u);
}

TEST(Draw, BelowIsUniform) {
  Draw draw(1);
  std::array<int, 7> count{};
  for (int i = 0; i < 70'000; ++i) ++count.at(draw.below(7));
  // 560 is six deviations of a count with mean 10,000.
  for (const int n : count) EXPECT_NEAR(n, 10'000, 560);
  EXPECT_EQ(draw.below(1), 0u);
  const std::uint64_t half = std::uint64_t{1} << 63;
  for (int i = 0; i < 100; ++i) EXPECT_LE(draw.below(half + 1), half);
}

TEST(Draw, UnitLiesInTheHalfOpenInterval) {
  Draw draw(2);
  double least = 1;
  double most = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double u = draw.unit();
    least = std::min(least, u);
    most = std::max(most, u);
  }
  EXPECT_GE(least, 0);
  EXPECT_LT(least, 0.01);
  EXPECT_GT(most, 0.99);
  EXPECT_LT(most, 1);
}

TEST(Draw, NormalHasMeanZeroAndDeviationOne) {
  Draw draw(3);
  constexpr int kDraws = 100'000;
  double sum = 0;
  double squares = 0;
  int beyond_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double z = draw.normal();
    sum += z;
    squares += z * z;
    beyond_two += std::abs(z) > 2;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
  EXPECT_NEAR(beyond_two / double{kDraws}, 0.0455, 0.005);
}

TEST(Draw, SignIsEither) {
  Draw draw(4);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double s = draw.sign();
    EXPECT_EQ(std::abs(s), 1);
    sum += s;
  }
  EXPECT_LT(std::abs(sum), 600);
}

class DrawBits : public testing::TestWithParam<DType> {};

// A plain uniform or normal draw would miss all of these.
TEST_P(DrawBits, MeetsTheBoundaries) {
  const DType dtype = GetParam();
  const Format f = format(dtype);
  Draw draw(5);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t bits = draw_bits(draw, dtype);
    ASSERT_TRUE(is_finite(bits, dtype)) << to_hex(bits, dtype);
    seen.insert(bits);
  }
  const std::uint64_t smallest_normal = std::uint64_t{1} << (f.precision - 1);
  const std::uint64_t one = round_to(1.0, dtype);
  for (const std::uint64_t bits :
       {std::uint64_t{0}, std::uint64_t{1}, smallest_normal - 1,
        smallest_normal, one - 1, one, one + 1, f.overflow() - 1}) {
    EXPECT_TRUE(seen.contains(bits)) << to_hexfloat(bits, dtype);
    EXPECT_TRUE(seen.contains(bits | f.sign_bit())) << to_hexfloat(bits, dtype);
  }
  const std::uint64_t numbers = 2 * f.overflow();
  EXPECT_GE(seen.size(), std::min<std::uint64_t>(1000, numbers));
}

INSTANTIATE_TEST_SUITE_P(Formats, DrawBits, testing::ValuesIn(kDTypes),
                         [](const auto& dtype) {
                           return std::string(format(dtype.param).name);
                         });

}  // namespace
}  // namespace exactbn::draw_test
