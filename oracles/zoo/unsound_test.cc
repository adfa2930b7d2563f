// SPDX-License-Identifier: Apache-2.0
// Judges unsound algorithms in a given precision: they must fail as soon as
// their errors exceed what the data excuse.
#include <gtest/gtest.h>

#include "oracles/zoo/trial.h"

namespace exactbn::zoo {
namespace {

// f32, without epsilon.
Problem channel(Draw& draw, std::int64_t m, double mean, double deviation) {
  Problem p;
  p.inputs[Input::x] = draw_values(draw, DType::f32, m, mean, deviation);
  p.inputs[Input::gamma] = tensor_of(1.0F);
  p.inputs[Input::beta] = tensor_of(0.0F);
  return p;
}

BenchVerdict judged(const Problem& p, const Statistics<float>& s,
                    Grade required) {
  const Answer answer = forward(p, values_of<float>(p.x()), s, direct<float>);
  return Bench(p)(answer, required);
}

// One pass over E[x^2] - mean^2 has an error of about kappa^2 u sqrt(m) v, in
// order, or kappa^2 u v, pairwise. The data excuse the limit times u cond(var),
// at most (8 + 2 sqrt(m)) (2 kappa + 1) u v or 8 (2 kappa + 1) u v. Returns the
// kappa at which the first is `times` times the second.
double kappa_of(double times, double m, Order order, Grade required) {
  const double grows = order == Order::in_order ? std::sqrt(m) : 1;
  const double c = times * eta_limit(required, m) / grows;
  return std::max(1.0, c + std::sqrt(c * c + c));
}

// The fraction of 100 channels that fail.
double failing(Order order, double log2_times) {
  Draw draw(3);
  const Grade required =
      order == Order::in_order ? Grade::sequential : Grade::stable;
  constexpr int trials = 100;
  int failed = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const double times = draw_exp2(draw, {log2_times - 0.5, log2_times + 0.5});
    const auto m = static_cast<std::int64_t>(draw_exp2(draw, {4, 11}));
    const double kappa =
        kappa_of(times, static_cast<double>(m), order, required);
    const double deviation = draw_exp2(draw, {-10, 10});
    const double mean = deviation * std::sqrt(kappa * kappa - 1);
    const Problem p = channel(draw, m, draw.sign() * mean, deviation);
    const Statistics<float> s = one_pass<float>(values_of<float>(p.x()), order);
    if (judged(p, s, required).verdict == Verdict::failed) ++failed;
  }
  return static_cast<double>(failed) / trials;
}

TEST(ZooUnsound, OnePassFailsWhereItsErrorExceedsTheExcuse) {
  for (const Order order : {Order::in_order, Order::pairwise}) {
    for (const double well_below : {-4, -3}) {
      EXPECT_EQ(failing(order, well_below), 0) << name_of(order);
    }
    const double near = failing(order, 0);
    EXPECT_GT(near, 0.05) << name_of(order);
    EXPECT_LT(near, 0.9) << name_of(order);
    // Its errors are random and sometimes cancel.
    for (const double well_above : {6, 9}) {
      EXPECT_GE(failing(order, well_above), 0.95) << name_of(order);
    }
  }
}

float rounded(float value, DType dtype) {
  return static_cast<float>(
      to_double(round_to(static_cast<double>(value), dtype), dtype));
}

// A sum whose additions are rounded to a short format.
float sum_in(DType dtype, std::int64_t n, const auto& term) {
  float total = 0;
  for (std::int64_t i = 0; i < n; ++i) total = rounded(total + term(i), dtype);
  return total;
}

Statistics<float> two_pass_in(DType dtype, const Values<float>& x) {
  const auto m = static_cast<float>(x.size());
  const auto at = [&](std::int64_t i) {
    return x[static_cast<std::size_t>(i)];
  };
  const float mean = sum_in(dtype, std::ssize(x), at) / m;
  const float squares = sum_in(dtype, std::ssize(x), [&](std::int64_t i) {
    return (at(i) - mean) * (at(i) - mean);
  });
  return {mean, squares / m};
}

TEST(ZooUnsound, SumsInAShortFormatFail) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    Draw draw(6);
    for (int trial = 0; trial < 100; ++trial) {
      const auto m = static_cast<std::int64_t>(draw_exp2(draw, {3, 8}));
      Problem p = channel(draw, m, draw.between(-4, 4), 1);
      p.inputs[Input::x] = make_tensor(dtype, {m, 1}, values_of<double>(p.x()));
      const auto s = two_pass_in(dtype, values_of<float>(p.x()));
      EXPECT_EQ(judged(p, s, Grade::sequential).verdict, Verdict::failed)
          << format(dtype).name << " m " << m;
    }
  }
}

// The mean is right but is rounded before it is subtracted.
TEST(ZooUnsound, AMeanRoundedToAShortFormatFails) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    Draw draw(7);
    for (int trial = 0; trial < 100; ++trial) {
      const auto m = static_cast<std::int64_t>(draw_exp2(draw, {3, 8}));
      const double deviation = draw_exp2(draw, {-4, 4});
      const Problem p =
          channel(draw, m, deviation * draw_exp2(draw, {0, 6}), deviation);
      const Values<float> x = values_of<float>(p.x());
      const Statistics<float> s = two_pass_all_wide(x);
      Answer answer = forward(p, x, s, direct<float>);
      const Statistics<float> cut = {rounded(s.mean, dtype), s.var};
      answer.outputs[Output::y] =
          forward(p, x, cut, direct<float>).outputs.at(Output::y);
      EXPECT_EQ(Bench(p)(answer, Grade::sequential).verdict, Verdict::failed)
          << format(dtype).name << " m " << m;
    }
  }
}

// The deviation is at most a fifth of an ulp of the sum.
TEST(ZooUnsound, ALongSumThatStallsFails) {
  Draw draw(8);
  for (int trial = 0; trial < 4; ++trial) {
    const std::int64_t m = std::int64_t{1} << 18;
    const Problem p =
        channel(draw, m, draw.between(1000, 2000), draw.between(3, 6));
    EXPECT_TRUE(stalls(p.x(), 0x1p-24));
    const Values<float> x = values_of<float>(p.x());
    EXPECT_EQ(
        judged(p, two_pass(x, Order::in_order), Grade::sequential).verdict,
        Verdict::failed);
    EXPECT_EQ(judged(p, two_pass(x, Order::pairwise), Grade::stable).verdict,
              Verdict::passed);
  }
}

// Two distant values, but the additions of each round alike.
TEST(ZooUnsound, ALongSumOfTwoValuesFails) {
  Draw draw(9);
  const std::int64_t m = std::int64_t{1} << 20;
  std::vector<double> x(static_cast<std::size_t>(m));
  for (double& xi : x) xi = draw.below(2) == 0 ? 1 : 1.3;
  Problem p = channel(draw, 1, 0, 1);
  p.inputs[Input::x] = make_tensor(DType::f32, {m, 1}, x);
  EXPECT_TRUE(stalls(p.x(), 0x1p-24));
  const Values<float> values = values_of<float>(p.x());
  EXPECT_EQ(
      judged(p, two_pass(values, Order::in_order), Grade::sequential).verdict,
      Verdict::failed);
  EXPECT_EQ(
      judged(p, two_pass(values, Order::blocks), Grade::sequential).verdict,
      Verdict::passed);
}

}  // namespace
}  // namespace exactbn::zoo
