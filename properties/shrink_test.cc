// SPDX-License-Identifier: Apache-2.0
#include "properties/shrink.h"

#include <gtest/gtest.h>

#include <cmath>

#include "properties/draw/problem.h"
#include "properties/shrink/simpler_value.h"

namespace exactbn::shrink_test {
namespace {

TEST(SimplerValues, AreSimplerAndFinite) {
  Draw draw(1);
  for (const DType dtype : kDTypes) {
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t bits = draw_bits(draw, dtype);
      for (const std::uint64_t simpler : simpler_values(bits, dtype)) {
        EXPECT_LT(complexity(simpler, dtype), complexity(bits, dtype));
        EXPECT_TRUE(is_finite(simpler, dtype));
      }
    }
    EXPECT_TRUE(simpler_values(0, dtype).empty());
  }
}

TEST(SimplerValues, BeginWithZeroAndOne) {
  const std::uint64_t odd = round_to(0x1.234p+70, DType::f64);
  const auto all = simpler_values(odd, DType::f64);
  ASSERT_GE(all.size(), 2u);
  EXPECT_EQ(all[0], 0u);
  EXPECT_EQ(all[1], round_to(1.0, DType::f64));
}

Problem large_problem(std::uint64_t seed) {
  DrawOptions options;
  options.operations = {Operation::forward_training};
  options.dtypes = {DType::f32};
  for (std::uint64_t i = 0;; ++i) {
    Problem p = draw_case(options, seed, i).problem;
    if (p.x().size() >= 40 && p.view().channels > 1 && p.x().all_finite()) {
      return p;
    }
  }
}

// The failure needs two unequal values of a channel and nothing more.
TEST(Shrink, KeepsOnlyWhatMatters) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto fails = [](const Problem& p) {
      const ChannelView view = p.view();
      for (std::int64_t k = 1; k < view.count(); ++k) {
        if (p.x().value(view.offset(0, k)) != p.x().value(view.offset(0, 0))) {
          return true;
        }
      }
      return false;
    };
    const Problem p = large_problem(seed);
    if (!fails(p)) continue;
    const Shrunk shrunk = shrink(p, fails);
    EXPECT_TRUE(fails(shrunk.problem));
    EXPECT_EQ(shrunk.problem.x().shape(), (Shape{2, 1}));
    EXPECT_EQ(shrunk.problem.inputs.size(), 1u);
    const double sum = std::fabs(shrunk.problem.x().value(0)) +
                       std::fabs(shrunk.problem.x().value(1));
    EXPECT_EQ(sum, 1) << "0 and 1";
    EXPECT_EQ(shrunk.problem.epsilon, 1);
    EXPECT_LT(shrunk.evaluations, 200);
  }
}

TEST(Shrink, KeepsBitsThatMatter) {
  Problem p;
  p.inputs[Input::x] = make_tensor(
      DType::f32, {3, 2},
      std::array{0x1.23456p+40, 3.25, -7.5, 0x1p-100, 0x1.8p+90, 12345.0});
  // The failure needs 5 significant bits in the first value.
  const Shrunk shrunk = shrink(p, [](const Problem& q) {
    const double first = q.x().value(0);
    return first >= 0x1.08p+20;
  });
  EXPECT_EQ(shrunk.problem.x().shape(), (Shape{1, 1}));
  EXPECT_GE(shrunk.problem.x().value(0), 0x1.08p+20);
  EXPECT_LE(shrunk.problem.x().value(0), 0x1p+22);
}

TEST(Shrink, EndsAtItsLimit) {
  int asked = 0;
  const Shrunk shrunk = shrink(large_problem(3),
                               [&](const Problem&) {
                                 ++asked;
                                 return false;
                               },
                               {10});
  EXPECT_EQ(asked, 10);
  EXPECT_EQ(shrunk.evaluations, 10);
}

// The measure falls with every success.
TEST(Shrink, EndsWhereEverythingFails) {
  const Shrunk shrunk =
      shrink(large_problem(5), [](const Problem&) { return true; }, {100'000});
  EXPECT_EQ(value_count(shrunk.problem), 1);
  EXPECT_LT(shrunk.evaluations, 200);
}

}  // namespace
}  // namespace exactbn::shrink_test
