// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/rounding.h"

#include <gtest/gtest.h>

namespace exactbn::rounding_test {
namespace {

using enum StoreRounding;

// Three misrounded values in each of so many channels, all toward zero. Some of
// them go up.
RoundingTally truncated(std::int64_t channels) {
  RoundingTally t;
  t.telling_channels = channels;
  t.evident = 3 * channels;
  t.channels = channels;
  t.toward_zero = channels;
  return t;
}

TEST(RoundingOf, NeedsEnoughChannels) {
  EXPECT_EQ(rounding_of(truncated(kRoundingChannels)), toward_zero);
  EXPECT_EQ(rounding_text(truncated(kRoundingChannels)), "toward zero");
  EXPECT_EQ(rounding_of(truncated(kRoundingChannels - 1)), std::nullopt);
  EXPECT_EQ(rounding_text(truncated(kRoundingChannels - 1)), "cannot be told");
  EXPECT_FALSE(is_biased(truncated(kRoundingChannels - 1), nearest));
}

TEST(RoundingOf, NearestNeedsChannelsThatWouldTell) {
  RoundingTally t;
  t.telling_channels = kRoundingChannels;
  EXPECT_EQ(rounding_of(t), nearest);
  EXPECT_FALSE(is_biased(t, toward_zero));
  --t.telling_channels;
  EXPECT_EQ(rounding_text(t), "cannot be told");
  t.evident = 1;
  EXPECT_EQ(rounding_of(t), std::nullopt);
}

TEST(RoundingOf, OneChannelThatGoesTheOtherWayIsEnoughToSayNothing) {
  RoundingTally t = truncated(100);
  ++t.channels;
  EXPECT_EQ(rounding_text(t), "something else");
  EXPECT_FALSE(is_biased(t, nearest));
}

TEST(RoundingOf, TellsAllDirections) {
  RoundingTally t = truncated(40);
  t.toward_zero = 0;
  EXPECT_EQ(rounding_of(t), std::nullopt);
  for (const auto& [count, direction] : {std::pair(&RoundingTally::away, away),
                                         {&RoundingTally::up, up},
                                         {&RoundingTally::down, down}}) {
    RoundingTally one = t;
    one.*count = 40;
    EXPECT_EQ(rounding_of(one), direction);
  }
}

TEST(IsBiased, AcceptsTheDeclaredDirectionOnly) {
  const RoundingTally t = truncated(40);
  EXPECT_FALSE(is_biased(t, toward_zero));
  for (const StoreRounding other : {nearest, away, up, down, stochastic}) {
    EXPECT_TRUE(is_biased(t, other)) << to_string(other);
  }
  // Positive values that are truncated go down, too.
  RoundingTally positive = t;
  positive.down = positive.channels;
  EXPECT_EQ(rounding_of(positive), toward_zero);
  EXPECT_FALSE(is_biased(positive, down));
  EXPECT_FALSE(is_biased(positive, toward_zero));
  EXPECT_TRUE(is_biased(positive, up));
}

TEST(RoundingOf, StochasticIsInconsistent) {
  RoundingTally t;
  t.channels = kRoundingChannels;
  t.evident = 400;
  EXPECT_EQ(rounding_text(t), "something else");
  t.inconsistent = 1;
  EXPECT_EQ(rounding_of(t), stochastic);
  EXPECT_FALSE(is_biased(t, nearest));
  --t.channels;
  EXPECT_EQ(rounding_text(t), "cannot be told");
  // One part of a tensor truncated, the other not.
  RoundingTally part = truncated(40);
  part.inconsistent = 10;
  EXPECT_EQ(rounding_of(part), toward_zero);
}

TEST(RoundingTally, AddsUp) {
  RoundingTally sum = truncated(10);
  sum.error = 0.5;
  sum += truncated(22);
  EXPECT_EQ(sum.channels, 32);
  EXPECT_EQ(sum.evident, 96);
  EXPECT_EQ(sum.error, 0.5);
  EXPECT_EQ(rounding_of(sum), toward_zero);
}

}  // namespace
}  // namespace exactbn::rounding_test
