// SPDX-License-Identifier: Apache-2.0
#include "properties/number/ball.h"

#include <gtest/gtest.h>

#include <cmath>

#include "properties/draw/problem.h"
#include "reference/exact.h"
#include "reference/testing/trials.h"
#include "reference/textbook/outputs.h"

namespace exactbn::ball_test {
namespace {

// Every output of the textbook in balls contains the exact value.
TEST(Ball, ContainsTheExactValue) {
  DrawOptions options;
  options.profile = Profile::small;
  int bounded = 0;
  int all = 0;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(trials(1500)); ++i) {
    const Problem p = draw_case(options, 11, i).problem;
    const ExactBatchNorm exact(p);
    Textbook<Ball> textbook(p);
    textbook.run();
    const ChannelView view = p.view();
    for (const Output name : output_names(p)) {
      const bool like_x = shaped_like_x(name);
      std::size_t at = 0;
      for (std::int64_t c = 0; c < view.channels; ++c) {
        const auto check_value = [&](std::int64_t k) {
          const Ball& ball = textbook.output(name)[at++];
          const Exact right = exact.at(name, k);
          if (right.kind != Exact::Kind::number) return;
          ++all;
          if (!ball.is_bounded()) return;
          ++bounded;
          const Wide value = approximate(right.value);
          ASSERT_LE(std::fabs(value - ball.mid),
                    ball.radius + std::fabs(value) * 0x1p-60L)
              << i << ' ' << name << ' ' << k;
        };
        if (like_x) {
          view.each_offset(c, check_value);
        } else {
          check_value(c);
        }
      }
    }
  }
  EXPECT_GT(bounded, all * 0.9);
}

TEST(Ball, IsUnboundedWithoutANumber) {
  for (const Ball& ball :
       {Ball(NAN), Ball(-HUGE_VAL), Ball(1.0) / Ball(0), sqrt(Ball(-1)),
        Ball(1, 2) / Ball(1, 1), Ball(NAN) * Ball(0), Ball(NAN) - Ball(NAN)}) {
    EXPECT_FALSE(ball.is_bounded());
    EXPECT_FALSE((ball + 1).is_bounded());
    EXPECT_FALSE((Ball(0) * ball).is_bounded());
    EXPECT_TRUE(std::isfinite(ball.radius));
  }
  // Too large to multiply.
  const Ball large(0x1p1023);
  const Ball square = large * large;
  EXPECT_TRUE(square.is_bounded());
  EXPECT_FALSE((square * square * square * square * square).is_bounded());
}

}  // namespace
}  // namespace exactbn::ball_test
