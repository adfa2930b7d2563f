// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "reference/draw.h"

namespace exactbn::judge_test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Problem forward(DType dtype, std::vector<double> x, double epsilon) {
  Problem p;
  p.epsilon = epsilon;
  const auto m = static_cast<std::int64_t>(x.size());
  p.inputs[Input::x] = make_tensor(dtype, {m, 1}, x);
  return p;
}

Judgement judged(const Problem& problem, Output output, std::int64_t i,
                 double got, DType dtype, const Declaration& declaration = {}) {
  return Judge(problem, declaration)(output, i, round_to(got, dtype), dtype);
}

TEST(Judge, MeasuresUlpsOfTheExactValue) {
  const Problem p = forward(DType::f32, {1, 2}, 0);  // mean 1.5, y -1 and 1
  EXPECT_EQ(judged(p, Output::mean, 0, 1.5, DType::f32).grade, Grade::correct);
  EXPECT_EQ(judged(p, Output::mean, 0, 1.5 + 0x1p-23, DType::f32).ulp, 1);
  EXPECT_EQ(judged(p, Output::mean, 0, 1.5 - 0x1p-22, DType::f32).ulp, -2);
  // The format of the answer counts, not that of x.
  EXPECT_EQ(judged(p, Output::mean, 0, 1.5 + 0x1p-7, DType::bf16).ulp, 1);
  const Problem third = forward(DType::f32, {0, 0, 1}, 0);
  const Judgement j = judged(third, Output::mean, 0, 1.0 / 3, DType::f32);
  EXPECT_EQ(j.grade, Grade::correct);
  EXPECT_NEAR(j.ulp, (static_cast<double>(1.0F / 3) - 1.0 / 3) * 0x1p25, 1e-6);
}

// y = 1 + 2^-100 in bf16, and the next number after 1: no double holds the
// difference of their distance from an ulp.
TEST(Judge, KnowsAnErrorJustBelowAnUlp) {
  Problem p = forward(DType::bf16, {1}, 0);
  p.operation = Operation::forward_inference;
  const auto one = [](double value) {
    return make_tensor(DType::bf16, {1}, std::vector{value});
  };
  p.inputs[Input::gamma] = one(0x1p-100);
  p.inputs[Input::beta] = one(1);
  p.inputs[Input::running_mean] = one(0);
  p.inputs[Input::running_var] = one(1);
  const Judgement below = judged(p, Output::y, 0, 1 + 0x1p-7, DType::bf16);
  EXPECT_EQ(below.grade, Grade::faithful);
  EXPECT_LT(below.ulp, 1);
  EXPECT_EQ(below.ulp, 1 - 0x1p-53);
  p.inputs[Input::gamma] = one(0);
  const Judgement at = judged(p, Output::y, 0, 1 + 0x1p-7, DType::bf16);
  EXPECT_EQ(at.grade, Grade::unstable);
  EXPECT_EQ(at.ulp, 1);
  p.inputs[Input::gamma] = one(-0x1p-100);
  EXPECT_EQ(judged(p, Output::y, 0, 1 + 0x1p-7, DType::bf16).grade,
            Grade::unstable);
}

// mean |x| = 1.5: an error of e beyond half an ulp has eta e / (u 1.5).
TEST(Judge, MeasuresTheBackwardErrorInWorkingPrecision) {
  const Problem p = forward(DType::f32, {1, 2}, 0);
  const double half_ulp = 0x1p-24;
  const double u = 0x1p-24;
  EXPECT_NEAR(judged(p, Output::mean, 0, 1.5 + 0x1p-20, DType::f32).eta,
              (0x1p-20 - half_ulp) / (1.5 * u), 1e-9);
  Declaration wide;
  wide.accumulation = DType::f64;
  EXPECT_NEAR(judged(p, Output::mean, 0, 1.5 + 0x1p-20, DType::f32, wide).eta,
              (0x1p-20 - half_ulp) / (1.5 * 0x1p-53), 1e-2);
}

// The variance is quadratic in x: relative errors of eta u in x move the
// variance of a constant channel by up to eta^2 u^2 mean x^2.
TEST(Judge, ExplainsTheVarianceOfAConstantChannel) {
  const Problem p = forward(DType::f32, {1000, 1000, 1000}, 0x1p-17);
  const double moved = std::pow(4 * 0x1p-24 * 1000, 2);
  EXPECT_NEAR(judged(p, Output::var, 0, moved, DType::f32).eta, 4, 1e-6);
  EXPECT_EQ(judged(p, Output::var, 0, -0.1875, DType::f32).grade,
            Grade::unstable);
}

// 2^-20 is subnormal in f16, but not in f32, in which a kernel computes.
TEST(Judge, ExcusesAFlushInTheFormatOfTheOutput) {
  const Problem p = forward(DType::f16, {0x1p-20, 0x1p-20}, 0);
  Declaration flushes;
  flushes.subnormals = Subnormals::flush;
  const Judgement j = judged(p, Output::mean, 0, 0, DType::f16, flushes);
  EXPECT_EQ(j.eta, 0);
  EXPECT_EQ(j.grade, Grade::stable);
  EXPECT_EQ(judged(p, Output::mean, 0, 0, DType::f16).grade, Grade::unstable);
}

// A frozen mean may be so far from x that dy (x - mean) is beyond the range of
// double. The sums of dgamma cancel all the same, and their residual is
// excused.
TEST(Judge, ExcusesCancellationAtAFarFrozenMean) {
  Problem p = forward(DType::f64, {0, 0, 0}, 1);
  p.operation = Operation::backward_inference;
  p.inputs[Input::dy] = make_tensor(
      DType::f64, {3, 1},
      std::array{0x1.01fffffffffffp+428, 1.0, -0x1.01fffffffffffp+428});
  p.inputs[Input::running_mean] =
      make_tensor(DType::f64, {1}, std::array{0x1p+656});
  p.inputs[Input::running_var] = make_tensor(DType::f64, {1}, std::array{0.0});
  const Judgement j = judged(p, Output::dgamma, 0, 0, DType::f64);
  EXPECT_GT(j.eta, 0);
  EXPECT_LT(j.eta, 1);
}

// Frozen, w = 0: the sum of dy (x - mean) is 0 exactly, but may round to
// another number, whose quotient by 0 is infinite.
TEST(Judge, AFrozenSumOverZeroMayRoundToInfinity) {
  Problem p = forward(DType::f32, {3, 3}, 0);
  p.operation = Operation::backward_inference;
  p.inputs[Input::dy] = make_tensor(DType::f32, {2, 1}, std::array{-1.0, 1.0});
  p.inputs[Input::running_mean] = make_tensor(DType::f32, {1}, std::array{1.0});
  p.inputs[Input::running_var] = make_tensor(DType::f32, {1}, std::array{0.0});
  for (const double got : {-kInfinity, kInfinity, std::nan("")}) {
    EXPECT_EQ(judged(p, Output::dgamma, 0, got, DType::f32).grade,
              Grade::correct);
  }
  EXPECT_EQ(judged(p, Output::dgamma, 0, 0, DType::f32).grade, Grade::unstable);
}

TEST(Judge, GradesNanAndInfinity) {
  const Problem p = forward(DType::f32, {1, kInfinity}, 0x1p-17);
  EXPECT_EQ(judged(p, Output::y, 0, std::nan(""), DType::f32).grade,
            Grade::correct);
  EXPECT_EQ(judged(p, Output::y, 0, 0, DType::f32).grade, Grade::unstable);
  EXPECT_EQ(judged(p, Output::mean, 0, kInfinity, DType::f32).grade,
            Grade::correct);
  EXPECT_EQ(judged(p, Output::mean, 0, 3, DType::f32).grade, Grade::unstable);
  const Problem finite = forward(DType::f32, {1, 2}, 0x1p-17);
  const Judgement nan = judged(finite, Output::y, 0, std::nan(""), DType::f32);
  EXPECT_EQ(nan.grade, Grade::unstable);
  EXPECT_TRUE(nan.decided);
  EXPECT_EQ(judged(finite, Output::y, 0, kInfinity, DType::f32).grade,
            Grade::unstable);
}

// In a format without infinities NaN stands for values that are too large:
// correct if the exact value is too large, unstable if it is far from that, and
// no worse than the next number if it is near.
TEST(Judge, TreatsNanAsOverflowInFormatsWithoutInfinity) {
  const DType f8 = DType::f8e4m3fn;
  const double nan = std::nan("");
  const auto mean = [&](double last, double got) {
    return judged(forward(DType::f32, {448, last}, 1), Output::mean, 0, got,
                  f8);
  };
  EXPECT_EQ(mean(600, nan).grade, Grade::correct);
  const Judgement saturated = mean(600, 448);
  EXPECT_EQ(saturated.want, 0x7fU);
  EXPECT_EQ(saturated.grade, Grade::unstable);
  EXPECT_EQ(mean(-448, nan).grade, Grade::unstable);
  EXPECT_EQ(mean(448, nan).grade, Grade::unstable);
  // 463.99997 rounds to 448, as does 464, which an f32 sum may give; 464.00003
  // does not.
  EXPECT_EQ(mean(0x1.dfffffp8, nan).grade, Grade::stable);
  EXPECT_EQ(judged(forward(DType::f32, {-0x1.dfffffp8, -448}, 1), Output::mean,
                   0, nan, f8)
                .grade,
            Grade::stable);
}

// With frozen statistics neither x nor the mean enters dx.
TEST(Judge, MeasuresFrozenGradientsIfXIsInfinite) {
  Problem p = forward(DType::f32, {1, kInfinity}, 1);
  p.operation = Operation::backward_inference;
  p.inputs[Input::dy] = make_tensor(DType::f32, {2, 1}, std::vector{2.0, 3.0});
  p.inputs[Input::running_mean] =
      make_tensor(DType::f32, {1}, std::vector{0.0});
  p.inputs[Input::running_var] = make_tensor(DType::f32, {1}, std::vector{3.0});
  for (const std::int64_t i : {0, 1}) {
    const double exact = 1 + 0.5 * static_cast<double>(i);
    EXPECT_EQ(judged(p, Output::dx, i, exact, DType::f32).grade,
              Grade::correct);
    const Judgement off = judged(p, Output::dx, i, exact + 0x1p-12, DType::f32);
    EXPECT_EQ(off.grade, Grade::unstable);
    EXPECT_GT(off.eta, 100);
  }
}

TEST(Judge, FollowsTheDeclaredZeroVarianceConvention) {
  const Problem p = forward(DType::f32, {3, 3}, 0);
  Declaration zero;
  zero.zero_variance = ZeroVariance::zero;
  EXPECT_EQ(judged(p, Output::y, 0, std::nan(""), DType::f32).grade,
            Grade::correct);
  EXPECT_EQ(judged(p, Output::y, 0, 0, DType::f32, zero).grade, Grade::correct);
  EXPECT_EQ(judged(p, Output::invstd, 0, kInfinity, DType::f32).grade,
            Grade::correct);
  const Judgement wrong = judged(p, Output::y, 0, 0, DType::f32);
  EXPECT_EQ(wrong.grade, Grade::unstable);
  EXPECT_TRUE(wrong.decided);  // 3 + 3 and 6 / 2 are exact
  const Problem rounded = forward(
      DType::f32, std::vector<double>(9, static_cast<double>(1000.1F)), 0);
  EXPECT_FALSE(judged(rounded, Output::y, 0, 1, DType::f32).decided);
}

TEST(Judge, FollowsTheDeclaredSingleValueConvention) {
  Problem p = forward(DType::f32, {3}, 0x1p-17);
  p.inputs[Input::running_var] = make_tensor(DType::f32, {1}, std::vector{2.0});
  p.momentum = 0.5;
  Declaration d;
  EXPECT_EQ(
      judged(p, Output::running_var, 0, std::nan(""), DType::f32, d).grade,
      Grade::correct);
  d.single_value = SingleValue::keep;
  EXPECT_EQ(judged(p, Output::running_var, 0, 2, DType::f32, d).grade,
            Grade::correct);
  d.running_variance = RunningVariance::biased;
  EXPECT_EQ(judged(p, Output::running_var, 0, 1, DType::f32, d).grade,
            Grade::correct);
}

TEST(Judge, DistinguishesTheDivisorsOfTheRunningVariance) {
  Problem p = forward(DType::f32, {0, 2}, 0x1p-17);
  p.inputs[Input::running_var] = make_tensor(DType::f32, {1}, std::vector{0.0});
  p.momentum = 1;
  Declaration biased;
  biased.running_variance = RunningVariance::biased;
  EXPECT_EQ(judged(p, Output::running_var, 0, 2, DType::f32).grade,
            Grade::correct);
  EXPECT_EQ(judged(p, Output::running_var, 0, 1, DType::f32).grade,
            Grade::unstable);
  EXPECT_EQ(judged(p, Output::running_var, 0, 1, DType::f32, biased).grade,
            Grade::correct);
}

// kappa u is 1/2 here: moving x by u changes the normalized channel completely.
TEST(Judge, IsUndecidedIfTheBoundIsVoid) {
  const Problem p = forward(DType::f32, {0x1p24, 0x1p24 - 1}, 0);
  EXPECT_FALSE(judged(p, Output::y, 0, 0.3, DType::f32).decided);
  EXPECT_TRUE(
      judged(p, Output::y, 0, 1, DType::f32).decided);  // correct anyway
  EXPECT_TRUE(judged(p, Output::mean, 0, 0.3, DType::f32).decided);
}

// The variance is 0, and mean x^2 - mean^2 in f64 is negative for 33 equal
// values that have 24 bits and are large.
TEST(Judge, ExcusesNanOnlyWhereTwiceThePrecisionIsNotEnough) {
  const auto decided = [](double x, double epsilon) {
    const Problem p = forward(DType::f32, std::vector<double>(33, x), epsilon);
    const Judgement j = judged(p, Output::invstd, 0, std::nan(""), DType::f32);
    EXPECT_EQ(j.grade, Grade::unstable);
    return j.decided;
  };
  EXPECT_FALSE(decided(0x1.fffffep56, 0x1p-10));
  EXPECT_TRUE(decided(0x1.fffffep18, 0x1p-10));  // void, too
  EXPECT_TRUE(decided(77.7, 0x1p-17));
  EXPECT_FALSE(decided(0x1.fffffep56, 0));
}

// gamma/sqrt(w) has 10 bits left in f32. It multiplies all terms of dx, and so
// an error where dy is 0, too.
TEST(Judge, ExcusesASubnormalFactorOfAGradient) {
  Problem p = forward(DType::f32, {0, 0x1p30, 0x3p30, 0x7p29}, 1);
  p.operation = Operation::backward_training;
  p.inputs[Input::dy] =
      make_tensor(DType::f32, {4, 1}, std::vector<double>{0, 0x1p25, 0, 0});
  p.inputs[Input::gamma] =
      make_tensor(DType::f32, {1}, std::vector<double>{0x1p-109});
  const std::array<float, 4> x = {0, 0x1p30F, 0x3p30F, 0x7p29F};
  const std::array<float, 4> dy = {0, 0x1p25F, 0, 0};
  const double mean = 0x1.ep30;
  double var = 0;
  double t = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    var += (x[i] - mean) * (x[i] - mean) / 4;
    t += dy[i] * (x[i] - mean) / 4;
  }
  const double invstd = 1 / std::sqrt(var + 1);
  const auto factor = static_cast<float>(0x1p-109 * invstd);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double rest = dy[i] - 0x1p23 - (x[i] - mean) * invstd * invstd * t;
    const Judgement j = judged(p, Output::dx, static_cast<std::int64_t>(i),
                               static_cast<float>(factor * rest), DType::f32);
    EXPECT_LE(j.eta, 8) << i;
  }
  // 0 is no such error.
  EXPECT_GT(judged(p, Output::dx, 1, 0, DType::f32).eta, 100);
}

// running_var is the smallest subnormal, which no sum rounds: dgamma is as sure
// as dx.
TEST(Judge, DecidesFrozenGradientsOfASubnormalVariance) {
  Problem p = forward(DType::f32, {1, 2}, 0);
  p.operation = Operation::backward_inference;
  const auto one = [](double value) {
    return make_tensor(DType::f32, {1}, std::vector{value});
  };
  p.inputs[Input::dy] =
      make_tensor(DType::f32, {2, 1}, std::vector<double>{1, 1});
  p.inputs[Input::running_mean] = one(0);
  p.inputs[Input::running_var] = one(0x1p-149);
  const double invstd = std::sqrt(0x1p149);
  for (const auto& [output, exact] :
       {std::pair{Output::dx, invstd}, std::pair{Output::dgamma, 3 * invstd}}) {
    const Judgement right = judged(p, output, 0, exact, DType::f32);
    EXPECT_TRUE(right.decided) << to_string(output);
    EXPECT_EQ(right.grade, Grade::correct) << to_string(output);
    const Judgement wrong = judged(p, output, 0, 1.01 * exact, DType::f32);
    EXPECT_TRUE(wrong.decided) << to_string(output);
    EXPECT_EQ(wrong.grade, Grade::unstable) << to_string(output);
  }
}

TEST(Judge, AllowsFlushedSubnormalsIfDeclared) {
  const Problem p = forward(DType::f32, {0x1p-130, 0x1p-130}, 1);
  Declaration flush;
  flush.subnormals = Subnormals::flush;
  EXPECT_EQ(judged(p, Output::mean, 0, 0, DType::f32).grade, Grade::unstable);
  EXPECT_LE(judged(p, Output::mean, 0, 0, DType::f32, flush).grade,
            Grade::stable);
}

}  // namespace
}  // namespace exactbn::judge_test
