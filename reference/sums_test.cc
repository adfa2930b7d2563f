// SPDX-License-Identifier: Apache-2.0
#include "reference/sums.h"

#include <gtest/gtest.h>

#include "reference/draw.h"

namespace exactbn::sums_test {
namespace {

TEST(ChannelSums, AreTheFourOfEachChannel) {
  Draw draw(1);
  for (const Shape& shape : {Shape{5, 3, 4}, Shape{5, 40}}) {
    Tensor x(DType::f32, shape);
    Tensor dy(DType::f16, shape);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      x.set_bits(i, draw_bits(draw, DType::f32));
      dy.set_bits(i, draw_bits(draw, DType::f16));
    }
    const ChannelView view(shape, 1);
    x.set_bits(view.offset(2, 1), format(DType::f32).overflow());
    const std::vector<Sums> all = channel_sums(x, &dy, view);
    const std::vector<Sums> alone = channel_sums(x, nullptr, view);
    for (std::int64_t c = 0; c < view.channels; ++c) {
      Sums expected;
      expected.x_finite = c != 2;
      for (std::int64_t k = 0; k < view.count(); ++k) {
        const std::int64_t i = view.offset(c, k);
        expected.d1 += dy.exact(i);
        if (!expected.x_finite) continue;
        expected.s1 += x.exact(i);
        expected.s2 += x.exact(i) * x.exact(i);
        expected.d2 += dy.exact(i) * x.exact(i);
      }
      const Sums one = channel_sums(x, &dy, view, c);
      for (const Sums* sums : {&all[static_cast<std::size_t>(c)], &one}) {
        EXPECT_EQ(sums->s1, expected.s1);
        EXPECT_EQ(sums->s2, expected.s2);
        EXPECT_EQ(sums->d1, expected.d1);
        EXPECT_EQ(sums->d2, expected.d2);
        EXPECT_EQ(sums->x_finite, expected.x_finite);
        EXPECT_TRUE(sums->dy_finite);
      }
      const Sums& forward = alone[static_cast<std::size_t>(c)];
      EXPECT_EQ(forward.s2, expected.s2);
      EXPECT_EQ(forward.d1, Dyadic());
      EXPECT_EQ(forward.x_finite, expected.x_finite);
    }
  }
}

}  // namespace
}  // namespace exactbn::sums_test
