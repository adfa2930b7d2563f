// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/screen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reference/draw.h"
#include "reference/rounded/affine_form.h"
#include "reference/sums/double_double.h"
#include "reference/testing/trials.h"

namespace exactbn::screen_test {
namespace {

// Draws the mean and deviation of x, the correlation of dy with x, and the mean
// of dy.
Problem drawn(Draw& draw, Operation operation, DType dtype) {
  Problem p;
  p.operation = operation;
  p.epsilon = draw.below(2) == 0 ? 0 : static_cast<double>(1e-5F);
  const Shape shape = {2, 3, 700};
  const double deviation = std::exp2(draw.between(-4, 4));
  const double mean = deviation * std::exp2(draw.between(-8, 7));
  const double correlation = draw.below(2) == 0 ? 0 : 3;
  const double shift = draw.below(2) == 0 ? 0 : std::exp2(draw.between(-3, 6));
  Tensor x(dtype, shape);
  Tensor dy(dtype, shape);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double z = draw.normal();
    x.set_bits(i, round_to(mean + deviation * z, dtype));
    dy.set_bits(i, round_to(shift + correlation * z + draw.normal(), dtype));
  }
  p.inputs.emplace(Input::x, std::move(x));
  const bool backward = operation == Operation::backward_training;
  if (backward) p.inputs.emplace(Input::dy, std::move(dy));
  p.inputs.emplace(Input::gamma,
                   make_tensor(dtype, {3}, std::array{-2.5, 1.0, 0.0}));
  if (!backward) {
    p.inputs.emplace(Input::beta,
                     make_tensor(dtype, {3}, std::array{0.5, -8.0, 0.0}));
  }
  require_valid(p);
  return p;
}

// A drawn problem and its screen.
struct Screened {
  explicit Screened(Draw& draw)
      : operation(draw.below(2) == 0 ? Operation::backward_training
                                     : Operation::forward_training),
        output(operation == Operation::backward_training ? Output::dx
                                                         : Output::y),
        dtype(draw.below(2) == 0 ? DType::f32 : DType::f64),
        problem(drawn(draw, operation, dtype)),
        judge(problem, declaration, Judge::OnDemand()),
        screen(problem, declaration, judge) {
    screen.estimate({0, 3});
  }

  Operation operation;
  Output output;
  DType dtype;
  Problem problem;
  Declaration declaration;
  Judge judge;
  Screen screen;
};

double distance(const DoubleDouble& a, const DoubleDouble& b) {
  return std::fabs((a.high - b.high) + (a.low - b.low));
}

// Also finds the largest ratio of the error of a form to its bound.
TEST(Screen, ErrorsOfFormsAreWithinTheirBounds) {
  Draw draw(1);
  double most = 0;
  const int count = trials(300);
  for (int trial = 0; trial < count; ++trial) {
    Screened d(draw);
    Screen& screen = d.screen;
    const Output output = d.output;
    const auto names = form_inputs(d.operation, output);
    for (std::int64_t c = 0; c < 3; ++c) {
      if (!screen.is_bounded(output, c)) continue;
      const ExactBatchNorm& exact = screen.exact(c).exact();
      const EstimatedForm near = screen.form(output, c);
      const AffineForm form =
          affine_form(d.operation, output, exact.channel(c), exact.along(c));
      const FormError error = screen.error(output, c);
      const auto expect_within = [&](double off, double bound) {
        EXPECT_LE(off, bound) << output << ' ' << format(d.dtype).name;
        if (bound > 0) most = std::max(most, off / bound);
      };
      expect_within(distance(near.offset, nearest_pair(form.offset)),
                    error.offset);
      for (std::size_t j = 0; j < names.size(); ++j) {
        const bool by_x = output == Output::dx && names[j] == Input::x;
        const DoubleDouble slope = by_x ? near.by_x : near.slope;
        expect_within(distance(slope, nearest_pair(form.slopes[j])),
                      by_x ? error.of_x : error.slope * std::fabs(slope.high));
      }
    }
  }
  // The bound is not much too wide: some error comes close to it.
  EXPECT_GT(most, 0x1p-6);
}

// Compares each coefficient, with a margin for the error of the statistics.
void expect_no_more(const Magnitudes& a, const Magnitudes& b) {
  constexpr Wide kMore = 1 + 0x1p-40L;
  EXPECT_LE(a.one, b.one * kMore);
  EXPECT_LE(a.x, b.x * kMore);
  EXPECT_LE(a.xhat, b.xhat * kMore);
  EXPECT_LE(a.dy, b.dy * kMore);
}

TEST(Screen, TolerancesOfLeastAndGreatestSizesEncloseTheExact) {
  Draw draw(2);
  const int count = trials(100);
  for (int trial = 0; trial < count; ++trial) {
    Screened d(draw);
    Screen& screen = d.screen;
    const Output output = d.output;
    for (std::int64_t c = 0; c < 3; ++c) {
      if (!screen.is_bounded(output, c)) continue;
      const double eta = std::exp2(draw.between(-40, 12));
      const Tolerances& near = screen.tolerances();
      const Magnitudes exact = near.tolerance(output, c, eta);
      expect_no_more(near.tolerance(output, c, eta, Sizes::least), exact);
      expect_no_more(exact, near.tolerance(output, c, eta, Sizes::greatest));
    }
    if (HasFailure()) return;
  }
}

// If kappa is large, the estimate is not used, and exact sums are available.
TEST(Screen, LeavesIllConditionedChannelsToExactSums) {
  Problem p;
  p.operation = Operation::forward_training;
  p.epsilon = 0;
  Tensor x(DType::f32, {1, 1, 2000});
  for (std::int64_t i = 0; i < x.size(); ++i) {
    x.set_bits(i, round_to(1000 + static_cast<double>(i % 2), DType::f32));
  }
  p.inputs.emplace(Input::x, std::move(x));
  const Declaration declaration;
  const Judge judge(p, declaration, Judge::OnDemand());
  const Screen screen(p, declaration, judge);
  EXPECT_FALSE(screen.is_bounded(Output::y, 0));
  EXPECT_TRUE(screen.exact(0).is_bounded(Output::y, 0));
}

}  // namespace
}  // namespace exactbn::screen_test
