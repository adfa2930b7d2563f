// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/channel_problem.h"

#include <gtest/gtest.h>

#include "reference/testing/any_problem.h"

namespace exactbn::channel_problem_test {
namespace {

// Every width and both layouts, with few values for one thread and many for
// several.
TEST(ChannelProblem, HasTheValuesOfTheChannel) {
  Draw draw(1);
  for (const DType dtype :
       {DType::f64, DType::f32, DType::bf16, DType::f8e5m2}) {
    for (const auto& [shape, axis] : std::vector<std::pair<Shape, int>>{
             {{2, 3, 5}, 1}, {{7, 4}, 1}, {{20000, 3}, 1}, {{3, 50}, 0}}) {
      Problem p;
      p.operation = Operation::backward_training;
      p.channel_axis = axis;
      p.epsilon = 0.5;
      const ChannelView view(shape, axis);
      const auto normal = normal_around(0);
      p.inputs.emplace(Input::x, drawn(draw, dtype, shape, normal));
      p.inputs.emplace(Input::dy, drawn(draw, dtype, shape, normal));
      p.inputs.emplace(Input::gamma,
                       drawn(draw, DType::f32, {view.channels}, normal));
      const Problem alone = channel_problem(p, 2);
      ASSERT_EQ(alone.x().shape(), (Shape{view.count(), 1}));
      for (const Input name : {Input::x, Input::dy}) {
        for (std::int64_t k = 0; k < view.count(); ++k) {
          ASSERT_EQ(alone.find(name)->bits(k),
                    p.find(name)->bits(view.offset(2, k)));
        }
      }
      EXPECT_EQ(alone.find(Input::gamma)->bits(0),
                p.find(Input::gamma)->bits(2));
      EXPECT_EQ(alone.operation, p.operation);
      EXPECT_EQ(alone.epsilon, p.epsilon);
      EXPECT_NO_THROW(require_valid(alone));
    }
  }
}

}  // namespace
}  // namespace exactbn::channel_problem_test
