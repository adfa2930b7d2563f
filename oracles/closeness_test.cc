// SPDX-License-Identifier: Apache-2.0
#include "oracles/closeness.h"

#include <gtest/gtest.h>

#include <cmath>

#include "oracles/judge.h"
#include "oracles/zoo/channel.h"
#include "reference/testing/trials.h"

namespace exactbn::closeness_test {
namespace {

std::map<Output, OutputCloseness> closeness_of(
    const Problem& problem, Grade required,
    const Declaration& declaration = {}) {
  std::map<Output, ClosenessTally> tallies;
  add_closeness(problem, declaration, required, tallies);
  std::map<Output, OutputCloseness> all;
  for (const auto& [output, tally] : tallies) all[output] = tally.result();
  return all;
}

// The values of a format in order, as integers.
std::int64_t rank_of(std::uint64_t bits, DType dtype) {
  const auto size = static_cast<std::int64_t>(magnitude(bits, dtype));
  return is_negative(bits, dtype) ? -size : size;
}
std::uint64_t bits_at(std::int64_t rank, DType dtype) {
  return rank < 0 ? static_cast<std::uint64_t>(-rank) | format(dtype).sign_bit()
                  : static_cast<std::uint64_t>(rank);
}

// The farthest answers on either side that the judge passes, by bisection: the
// error grows with the distance.
std::array<double, 2> farthest(const Judge& judge, Output output,
                               std::int64_t i, DType dtype, Grade required) {
  const std::uint64_t want = judge(output, i, 0, dtype).want;
  const std::int64_t start = rank_of(want, dtype);
  std::array<double, 2> found{};
  for (const int side : {0, 1}) {
    const auto passes = [&](std::int64_t steps) {
      const std::uint64_t got =
          bits_at(start + (side == 0 ? steps : -steps), dtype);
      return is_finite(got, dtype) &&
             judge(output, i, got, dtype).grade <= required;
    };
    std::int64_t low = 0;
    std::int64_t high = 1;
    while (passes(high)) high *= 2;
    while (high - low > 1) {
      const std::int64_t middle = low + (high - low) / 2;
      (passes(middle) ? low : high) = middle;
    }
    found[static_cast<std::size_t>(side)] =
        to_double(bits_at(start + (side == 0 ? low : -low), dtype), dtype);
  }
  return found;
}

// What the judge passes for the values of one output.
struct Reach {
  double atol = 0;
  double rtol = 0;
  double beyond = -1;  // the largest |got - want| - rtol |want|, over atol
  double ulp = 0;      // the largest of a value
};

Reach reach_of(const Judge& judge, const Problem& problem, Output output,
               const OutputCloseness& c, Grade required) {
  Reach reach;
  const Tensor wants(c.dtype, shape_of(problem, output));
  for (std::int64_t i = 0; i < wants.size(); ++i) {
    const double want = to_double(judge(output, i, 0, c.dtype).want, c.dtype);
    for (const double got : farthest(judge, output, i, c.dtype, required)) {
      const double distance = std::fabs(got - want);
      reach.atol = std::max(reach.atol, distance);
      reach.rtol = std::max(reach.rtol, distance / std::fabs(want));
      if (!c.best) continue;
      reach.beyond =
          std::max(reach.beyond, distance / c.best->allowed(want) - 1);
    }
    reach.ulp = std::max(reach.ulp, static_cast<double>(ulp_of(want, c.dtype)));
  }
  return reach;
}

constexpr std::array kTried = {DType::f32, DType::f32, DType::f64, DType::f16,
                               DType::bf16};

// The farthest answers that the judge passes are within the tolerances, and one
// of them is nearly as far as atol allows.
TEST(Closeness, IsTheLeastThatTheJudgePasses) {
  Draw draw(11);
  int bounded = 0;
  for (int trial = 0; trial < trials(30); ++trial) {
    const Operation operation = draw.below(2) == 0
                                    ? Operation::forward_training
                                    : Operation::backward_training;
    const Problem problem =
        zoo::draw_channel(draw, kTried[draw.below(kTried.size())], operation,
                          static_cast<std::int64_t>(2 + draw.below(5)));
    Declaration declaration;
    const Judge judge(problem, declaration);
    const Grade required = kGrades[1 + draw.below(3)];
    for (const auto& [output, c] : closeness_of(problem, required)) {
      if (c.values == 0 || c.nonfinite > 0) continue;
      SCOPED_TRACE(testing::Message() << "trial " << trial << ' ' << output);
      ++bounded;
      const Reach reach = reach_of(judge, problem, output, c, required);
      EXPECT_LE(reach.atol, c.least_atol);
      EXPECT_LE(reach.beyond, 0);
      if (c.least_rtol) {
        EXPECT_LE(reach.rtol, *c.least_rtol);
      }
      const double rounding = 1 + 6 * format(c.dtype).unit_roundoff();
      EXPECT_GE(reach.atol + reach.ulp,
                c.least_atol / rounding / 1.02 -
                    2 * std::ldexp(1.0, format(c.dtype).quantum()));
    }
  }
  EXPECT_GT(bounded, 2 * trials(30));
}

Problem two_values(double a, double b) {
  Problem p;
  p.epsilon = 3;
  p.inputs[Input::x] = make_tensor(DType::f32, {2, 1}, std::vector{a, b});
  return p;
}

TEST(Closeness, NothingIsForgivenWhatMustBeCorrect) {
  const auto all = closeness_of(two_values(-1, 1), Grade::correct);
  EXPECT_EQ(all.at(Output::y).least_atol, 0);
  EXPECT_EQ(all.at(Output::y).least_rtol, 0);
}

// y is -1/2 and 1/2, whose ulp is 2^-24.
TEST(Closeness, AFaithfulAnswerIsAnUlpOff) {
  const auto all = closeness_of(two_values(-1, 1), Grade::faithful);
  const double atol = all.at(Output::y).least_atol;
  EXPECT_GE(atol, 0x1p-24);
  EXPECT_LT(atol, 0x1.05p-24);
  ASSERT_TRUE(all.at(Output::y).least_rtol);
  EXPECT_GE(*all.at(Output::y).least_rtol, 0x1p-23);
  // The mean is 0, which any error exceeds.
  EXPECT_FALSE(all.at(Output::mean).least_rtol);
  EXPECT_FALSE(all.at(Output::mean).best);
  EXPECT_EQ(all.at(Output::mean).zeros_passed, 1);
}

TEST(Closeness, AValueWithoutABoundIsCounted) {
  // kappa is 10^9.
  Problem p = two_values(1e9, 1e9 + 128);
  p.epsilon = 0;
  p.inputs[Input::x] =
      make_tensor(DType::f32, {2, 1}, std::vector<double>{1e9, 1e9 + 64});
  const auto all = closeness_of(p, Grade::sequential);
  EXPECT_EQ(all.at(Output::y).unbounded, 2);
  EXPECT_EQ(all.at(Output::y).values, 0);
  EXPECT_EQ(all.at(Output::mean).unbounded, 0);
  // The squares overflow.
  const Problem large = two_values(-0x1p100, 0x1p100);
  EXPECT_EQ(closeness_of(large, Grade::sequential).at(Output::var).unbounded,
            1);
  Declaration everywhere;
  everywhere.domain = Domain::all;
  EXPECT_EQ(closeness_of(large, Grade::sequential, everywhere)
                .at(Output::mean)
                .unbounded,
            0);
  // y may round to infinity.
  Problem high = two_values(-1, 1);
  high.inputs[Input::x] =
      make_tensor(DType::f16, {2, 1}, std::vector<double>{-1, 1});
  high.inputs[Input::gamma] =
      make_tensor(DType::f32, {1}, std::vector<double>{2 * 65519.0});
  EXPECT_EQ(closeness_of(high, Grade::sequential).at(Output::y).unbounded, 2);
  Problem nan = two_values(0, NAN);
  EXPECT_EQ(closeness_of(nan, Grade::sequential).at(Output::y).nonfinite, 2);
}

// The wanted y are -1/2 and 1/2: what the customary tests allow there is known.
TEST(Closeness, SaysWhatCustomaryTestsDo) {
  const auto all = closeness_of(two_values(-1, 1), Grade::sequential);
  const OutputCloseness& y = all.at(Output::y);
  ASSERT_EQ(y.tests.size(), 5U);
  Declaration declaration;
  const Problem p = two_values(-1, 1);
  const Judge judge(p, declaration);
  for (const TestedBy& by : y.tests) {
    const double allowed = by.test.allowed(0.5, 0x1p-24);
    // The last value that the test passes.
    const double got =
        0.5 + std::floor(allowed / 0x1p-24) * 0x1p-24 * (allowed > 0 ? 1 : 0);
    const double eta =
        judge(Output::y, 1, round_to(got, DType::f32), DType::f32).eta;
    EXPECT_NEAR(by.largest_eta, eta, 0.02 * eta + 1) << by.test.name;
    EXPECT_EQ(by.refused, y.least_atol > 1.1 * allowed ? 2 : 0) << by.test.name;
    EXPECT_EQ(by.passes_zero, 0);
  }
}

TEST(Closeness, TalliesAddUp) {
  Draw draw(3);
  std::map<Output, ClosenessTally> both;
  std::map<Output, ClosenessTally> one;
  const Problem a =
      zoo::draw_channel(draw, DType::f32, Operation::forward_training, 9);
  const Problem b =
      zoo::draw_channel(draw, DType::f32, Operation::forward_training, 7);
  add_closeness(a, {}, Grade::stable, both);
  add_closeness(a, {}, Grade::stable, one);
  add_closeness(b, {}, Grade::stable, both);
  const OutputCloseness sum = both.at(Output::y).result();
  EXPECT_EQ(sum.values, 16);
  EXPECT_EQ(sum.least_atol,
            std::max(one.at(Output::y).result().least_atol,
                     closeness_of(b, Grade::stable).at(Output::y).least_atol));
  EXPECT_GE(both.at(Output::y).result(1.25).least_atol, 1.2 * sum.least_atol);
}

}  // namespace
}  // namespace exactbn::closeness_test
