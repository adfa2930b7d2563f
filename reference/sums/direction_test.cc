// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "reference/sums.h"
#include "reference/testing/any_problem.h"

namespace exactbn::direction_test {
namespace {

void spoil(Tensor& tensor, const ChannelView& view, std::int64_t channel) {
  tensor.set_bits(view.offset(channel, 1), format(tensor.dtype()).overflow());
}

// One number at a time.
DirectionSums one_by_one(const Tensor& u, const Tensor& x, const Tensor* dy,
                         const ChannelView& view, std::int64_t channel) {
  DirectionSums sums;
  bool x_finite = true;
  bool dy_finite = true;
  for (std::int64_t k = 0; k < view.count(); ++k) {
    const std::int64_t i = view.offset(channel, k);
    sums.finite = sums.finite && u.finite(i);
    x_finite = x_finite && x.finite(i);
    dy_finite = dy_finite && dy && dy->finite(i);
  }
  if (!sums.finite) return sums;
  for (std::int64_t k = 0; k < view.count(); ++k) {
    const std::int64_t i = view.offset(channel, k);
    sums.u1 += u.exact(i);
    if (x_finite) sums.u2 += u.exact(i) * x.exact(i);
    if (dy_finite) sums.u3 += u.exact(i) * dy->exact(i);
  }
  return sums;
}

void expect_equal(const DirectionSums& a, const DirectionSums& b) {
  EXPECT_EQ(a.u1, b.u1);
  EXPECT_EQ(a.u2, b.u2);
  EXPECT_EQ(a.u3, b.u3);
  EXPECT_EQ(a.finite, b.finite);
}

TEST(DirectionSums, AreTheThreeOfEachChannel) {
  Draw draw(1);
  for (const Shape& shape : {Shape{5, 4, 3}, Shape{5, 40}}) {
    for (const DType dtype : kDTypes) {
      Tensor u = drawn(draw, dtype, shape);
      Tensor x = drawn(draw, DType::f32, shape);
      Tensor dy = drawn(draw, DType::bf16, shape);
      const ChannelView view(shape, 1);
      spoil(u, view, 1);
      spoil(x, view, 2);
      spoil(dy, view, 3);
      for (const Tensor* given : std::vector<const Tensor*>{&dy, nullptr}) {
        const std::vector<DirectionSums> all =
            direction_sums(u, x, given, view, {0, view.channels});
        for (std::int64_t c = 0; c < view.channels; ++c) {
          const DirectionSums expected = one_by_one(u, x, given, view, c);
          expect_equal(all[static_cast<std::size_t>(c)], expected);
          expect_equal(direction_sums(u, x, given, view, c), expected);
        }
      }
    }
  }
}

}  // namespace
}  // namespace exactbn::direction_test
