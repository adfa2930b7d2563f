// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain/pattern.h"

#include <gtest/gtest.h>

#include <functional>

namespace exactbn::pattern_test {
namespace {

using Indices = std::vector<std::int64_t>;

Problem shaped(const Shape& shape, int channel_axis = 1) {
  Problem problem;
  problem.channel_axis = channel_axis;
  problem.inputs[Input::x] = Tensor(DType::f32, shape);
  return problem;
}

Indices where(const Problem& problem,
              const std::function<bool(std::int64_t)>& fails) {
  Indices indices;
  for (std::int64_t i = 0; i < problem.x().size(); ++i) {
    if (fails(i)) indices.push_back(i);
  }
  return indices;
}

TEST(Pattern, OfChannels) {
  const Problem p = shaped({2, 70, 3});
  const auto from = [&](std::int64_t c) {
    return pattern(p, Output::y, where(p, [&](std::int64_t i) {
                     return p.view().channel(i) >= c;
                   }));
  };
  EXPECT_EQ(from(69), "the last channel");
  EXPECT_EQ(from(64), "the channels left after blocks of 64");
  EXPECT_EQ(from(68), "the channels left after blocks of 4");
  EXPECT_EQ(from(67), "");
  EXPECT_EQ(from(0), "");
  EXPECT_EQ(pattern(p, Output::mean, {69}), "the last channel");
  EXPECT_EQ(pattern(p, Output::mean, {0, 69}), "");
}

TEST(Pattern, OfSamples) {
  const Problem p = shaped({3, 2, 5});
  const auto sample = [](std::int64_t i) { return i / 10; };
  EXPECT_EQ(
      pattern(p, Output::y, where(p, [&](auto i) { return sample(i) == 2; })),
      "sample 2 alone");
  EXPECT_EQ(
      pattern(p, Output::y, where(p, [&](auto i) { return sample(i) > 0; })),
      "all samples but the first");
}

TEST(Pattern, OfTails) {
  const Problem one = shaped({1, 2, 70});
  EXPECT_EQ(
      pattern(one, Output::dx, where(one, [](auto i) { return i % 70 >= 64; })),
      "the values of a channel left after blocks of 64");
  const Problem last = shaped({9, 5, 3}, 2);
  EXPECT_EQ(
      pattern(last, Output::y, where(last, [](auto i) { return i >= 128; })),
      "the values in memory left after blocks of 128");
}

TEST(Pattern, OfStrides) {
  const Problem p = shaped({2, 3, 8});
  EXPECT_EQ(pattern(p, Output::y, where(p, [](auto i) { return i % 4 == 3; })),
            "every value whose offset in memory is 3 mod 4");
}

// One value that breaks the rule is enough to reject it.
TEST(Pattern, IsExact) {
  const Problem p = shaped({1, 2, 70});
  Indices tail = where(p, [](auto i) { return i % 70 >= 64; });
  tail.pop_back();
  EXPECT_EQ(pattern(p, Output::y, tail), "");
  const Problem q = shaped({2, 3, 8});
  Indices fourth = where(q, [](auto i) { return i % 4 == 3; });
  fourth.insert(fourth.begin(), 0);
  EXPECT_EQ(pattern(q, Output::y, fourth), "");
  EXPECT_EQ(pattern(q, Output::y, where(q, [](auto) { return true; })), "");
  EXPECT_EQ(pattern(q, Output::y, {}), "");
}

}  // namespace
}  // namespace exactbn::pattern_test
