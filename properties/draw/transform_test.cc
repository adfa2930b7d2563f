// SPDX-License-Identifier: Apache-2.0
#include "properties/draw/transform.h"

#include <gtest/gtest.h>

#include <cmath>

#include "properties/draw/problem.h"

namespace exactbn::transform_test {
namespace {

std::uint64_t f32(double value) { return round_to(value, DType::f32); }

TEST(Transform, ASumIsExactOrNothing) {
  EXPECT_EQ(exact_sum(f32(1), 2, DType::f32), f32(3));
  EXPECT_EQ(exact_sum(f32(1), 0x1p-23, DType::f32), f32(1 + 0x1p-23));
  EXPECT_EQ(exact_sum(f32(1), 0x1p-24, DType::f32), std::nullopt);
  // A double cannot represent this sum.
  const std::uint64_t one = round_to(1.0, DType::f64);
  EXPECT_EQ(exact_sum(one, 0x1p-60, DType::f64), std::nullopt);
  EXPECT_EQ(exact_sum(f32(0x1p127), 0x1p127, DType::f32), std::nullopt);
  EXPECT_EQ(exact_sum(f32(INFINITY), 1, DType::f32), std::nullopt);
}

TEST(Transform, AProductWithAPowerOfTwoIsExactOrNothing) {
  EXPECT_EQ(exact_scaled(f32(3), 4, DType::f32), f32(48));
  EXPECT_EQ(exact_scaled(f32(0), -400, DType::f32), f32(0));
  EXPECT_EQ(exact_scaled(f32(1), 128, DType::f32), std::nullopt);
  EXPECT_EQ(exact_scaled(f32(3), -150, DType::f32), std::nullopt);
  const std::uint64_t least = 1;
  EXPECT_EQ(exact_scaled(least, -1, DType::f64), std::nullopt);
}

// x[n,c,h] = 100 n + 10 c + h
Problem counted() {
  std::vector<double> values;
  for (int n = 0; n < 2; ++n) {
    for (int c = 0; c < 3; ++c) {
      for (int h = 0; h < 2; ++h) values.push_back(100 * n + 10 * c + h);
    }
  }
  Problem p;
  p.inputs[Input::x] = make_tensor(DType::f32, {2, 3, 2}, values);
  p.inputs[Input::gamma] = make_tensor(DType::f32, {3}, std::array{1., 2., 3.});
  return p;
}

std::vector<double> values_of(const Tensor& tensor) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    values.push_back(tensor.value(i));
  }
  return values;
}

TEST(Transform, ReorderedMovesPositionsInEveryChannel) {
  const Problem p = reordered(counted(), {3, 0, 1, 2}).problem;
  EXPECT_EQ(values_of(p.x()), (std::vector<double>{101, 0, 111, 10, 121, 20, 1,
                                                   100, 11, 110, 21, 120}));
  EXPECT_EQ(p.inputs.at(Input::gamma), counted().inputs.at(Input::gamma));
}

TEST(Transform, RestrictedKeepsThosePositions) {
  const Problem p = restricted(counted(), {2, 1}).problem;
  EXPECT_EQ(p.x().shape(), (Shape{2, 3}));
  EXPECT_EQ(values_of(p.x()), (std::vector<double>{100, 110, 120, 1, 11, 21}));
}

TEST(Transform, WithChannelAxisMovesTheChannels) {
  const Problem p = with_channel_axis(counted(), 2).problem;
  EXPECT_EQ(p.x().shape(), (Shape{2, 2, 3}));
  EXPECT_EQ(values_of(p.x()), (std::vector<double>{0, 10, 20, 1, 11, 21, 100,
                                                   110, 120, 101, 111, 121}));
  EXPECT_NO_THROW(require_valid(p));
}

TEST(Transform, AsDropsInputsTheOperationDoesNotTake) {
  Draw draw(1);
  const Problem p =
      draw_problem(draw, Operation::double_backward_training, DType::f32);
  for (const Operation operation :
       {Operation::backward_training, Operation::forward_training}) {
    EXPECT_NO_THROW(require_valid(as(operation, p)));
  }
}

}  // namespace
}  // namespace exactbn::transform_test
