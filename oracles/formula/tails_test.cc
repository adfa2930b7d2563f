// SPDX-License-Identifier: Apache-2.0
#include "oracles/formula/tails.h"

#include <gtest/gtest.h>

namespace exactbn::formula {
namespace {

Problem problem(const Shape& shape) {
  Problem p;
  p.inputs[Input::x] = Tensor(DType::f32, shape);
  return p;
}

// The values of each row of `inner` from `first` on, in some channels.
FailingValues failing(const Problem& p, std::int64_t first,
                      std::int64_t channels) {
  FailingValues c = {&p, {}};
  const ChannelView view = p.view();
  for (std::int64_t i = 0; i < p.x().size(); ++i) {
    if (i % view.inner >= first && view.channel(i) < channels) {
      c.failing.push_back(i);
    }
  }
  return c;
}

TEST(CommonTail, IsThatOfThePlane) {
  const Problem five = problem({2, 3, 5});
  const Problem seven = problem({1, 2, 7});
  const Problem nine = problem({2, 2, 3, 3});
  const Problem three = problem({2, 2, 3});
  const std::vector<FailingValues> all = {
      failing(five, 4, 3), failing(seven, 4, 1), failing(nine, 8, 2),
      failing(three, 0, 2)};
  EXPECT_EQ(common_tail(all), "the values of a plane left after blocks of 4");
  EXPECT_EQ(common_tail(std::span(all).first(2)), "");  // too few
  std::vector<FailingValues> others = all;
  others.push_back(failing(seven, 6, 2));
  EXPECT_EQ(common_tail(others), "");
}

TEST(CommonTail, NeedsMoreThanWholeChannels) {
  const Problem three = problem({2, 2, 3});
  const std::vector<FailingValues> all(5, failing(three, 0, 1));
  EXPECT_EQ(common_tail(all), "");
}

}  // namespace
}  // namespace exactbn::formula
