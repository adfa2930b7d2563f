// SPDX-License-Identifier: Apache-2.0
#include "reference/exact/second_order.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/exact.h"
#include "reference/testing/any_problem.h"

namespace exactbn::second_order_test {
namespace {

constexpr double kNaN = NAN;

// Two channels.
Problem any_bits(Draw& draw, Operation operation, DType dtype) {
  const auto m = static_cast<std::int64_t>(1 + draw.below(6));
  return exactbn::any_bits(draw, operation, dtype, {m, 2});
}

// The same x and gamma, and other inputs renamed.
Problem with_inputs(const Problem& p, Operation operation,
                    std::initializer_list<std::pair<Input, Input>> as) {
  Problem q = p;
  q.operation = operation;
  q.inputs = {{Input::x, p.x()}, {Input::gamma, p.inputs.at(Input::gamma)}};
  for (const auto& [name, from] : as) q.inputs[name] = p.inputs.at(from);
  return q;
}

// An exact sum of numbers with a common root.
struct Sum {
  Dyadic p;
  Dyadic q;
  Dyadic d = 1;
  Dyadic w = 1;

  void add(const Surd& s, const Dyadic& factor) {
    if (s.q.sign() != 0) {
      ASSERT_TRUE(q.sign() == 0 || w == s.w);
      w = s.w;
    }
    p = p * s.d + s.p * factor * d;
    q = q * s.d + s.q * factor * d;
    d = d * s.d;
  }

  bool operator==(const Sum& b) const {
    return p * b.d == b.p * d && q * b.d == b.q * d;
  }
};

// The inner product of an output with an input, over a channel.
void add(Sum& sum, const Problem& p, Output output, const Tensor& input,
         std::int64_t c) {
  const ExactBatchNorm exact(p);
  const bool like_x = shaped_like_x(output);
  for (std::int64_t k = 0; k < (like_x ? p.view().count() : 1); ++k) {
    const std::int64_t i = like_x ? p.view().offset(c, k) : c;
    sum.add(exact.at(output, i).value, input.exact(i));
  }
}

TEST(SecondOrder, TheJvpIsTheAdjointOfTheBackwardPassExactly) {
  Draw draw(21);
  for (int trial = 0; trial < 100; ++trial) {
    for (const DType dtype : kDTypes) {
      const Problem jvp = any_bits(draw, Operation::jvp_training, dtype);
      Problem backward = with_inputs(jvp, Operation::backward_training, {});
      const Tensor dy = drawn(draw, dtype, jvp.x().shape());
      backward.inputs[Input::dy] = dy;
      for (std::int64_t c = 0; c < 2; ++c) {
        Sum forward;
        add(forward, jvp, Output::y_dot, dy, c);
        Sum reverse;
        add(reverse, backward, Output::dx, jvp.inputs.at(Input::x_dot), c);
        add(reverse, backward, Output::dgamma, jvp.inputs.at(Input::gamma_dot),
            c);
        add(reverse, backward, Output::dbeta, jvp.inputs.at(Input::beta_dot),
            c);
        ASSERT_EQ(forward, reverse) << format(dtype).name;
      }
    }
  }
}

// The double backward is the Hessian of sum(dy y) with respect to x and gamma.
TEST(SecondOrder, TheDoubleBackwardIsSymmetricExactly) {
  Draw draw(22);
  for (int trial = 0; trial < 100; ++trial) {
    for (const DType dtype : kDTypes) {
      const auto operation = Operation::double_backward_training;
      Problem a = any_bits(draw, operation, dtype);
      Problem b = a;
      std::swap(b.inputs[Input::ddgamma], b.inputs[Input::ddbeta]);
      b.inputs[Input::ddx] = drawn(draw, dtype, b.x().shape());
      for (std::int64_t c = 0; c < 2; ++c) {
        Sum ab;
        add(ab, a, Output::grad_x, b.inputs.at(Input::ddx), c);
        add(ab, a, Output::grad_gamma, b.inputs.at(Input::ddgamma), c);
        Sum ba;
        add(ba, b, Output::grad_x, a.inputs.at(Input::ddx), c);
        add(ba, b, Output::grad_gamma, a.inputs.at(Input::ddgamma), c);
        ASSERT_EQ(ab, ba) << format(dtype).name;
      }
    }
  }
}

TEST(SecondOrder, GradDyIsTheJvpAlongTheDirection) {
  Draw draw(23);
  const Problem p =
      any_bits(draw, Operation::double_backward_training, DType::f32);
  const Problem jvp = with_inputs(p, Operation::jvp_training,
                                  {{Input::x_dot, Input::ddx},
                                   {Input::gamma_dot, Input::ddgamma},
                                   {Input::beta_dot, Input::ddbeta}});
  EXPECT_EQ(ExactBatchNorm(p).rounded(Output::grad_dy, DType::f64),
            ExactBatchNorm(jvp).rounded(Output::y_dot, DType::f64));
}

Problem worked_example() {
  Problem p;
  p.operation = Operation::double_backward_training;
  const std::vector<double> first = {1, 0, 0, 0};
  p.inputs[Input::x] =
      make_tensor(DType::f64, {4, 1}, std::vector{0., 0., 4., 4.});
  p.inputs[Input::dy] = make_tensor(DType::f64, {4, 1}, first);
  p.inputs[Input::ddx] = make_tensor(DType::f64, {4, 1}, first);
  return p;
}

Tensor output(const Problem& p, Output name) {
  return ExactBatchNorm(p).rounded(name, DType::f64);
}

// mean 2, w = 4, xhat = (-1, -1, 1, 1). The means of dy and ddx are 1/4, of dy
// xhat and ddx xhat -1/4, of the centred dy ddx 3/16.
TEST(SecondOrder, WorkedExample) {
  const auto column = [](std::vector<double> values) {
    return make_tensor(DType::f64, {4, 1}, values);
  };
  const Problem p = worked_example();
  EXPECT_EQ(output(p, Output::grad_dy), column({0.25, -0.25, 0, 0}));
  EXPECT_EQ(output(p, Output::grad_x),
            column({0.09375, -0.03125, -0.03125, -0.03125}));
  EXPECT_EQ(output(p, Output::grad_gamma).value(0), 0.25);
}

// The kinds of the outputs of channel 0 after one of its input values was
// replaced. Channel 1 must not change.
struct Kinds {
  Exact::Kind x;
  Exact::Kind gamma;
  Exact::Kind dy;
  bool operator==(const Kinds&) const = default;
};

Kinds kinds_with(Input name, double value) {
  Draw draw(24);
  Problem p = any_bits(draw, Operation::double_backward_training, DType::f32);
  const Tensor clean = output(p, Output::grad_x);
  p.inputs.find(name)->second.set_bits(0, round_to(value, DType::f32));
  const ExactBatchNorm exact(p);
  const Tensor spoilt = exact.rounded(Output::grad_x, DType::f64);
  for (std::int64_t i = 1; i < clean.size(); i += 2) {
    EXPECT_EQ(spoilt.bits(i), clean.bits(i)) << name;
  }
  const std::int64_t last = clean.size() - 2;
  return {exact.at(Output::grad_x, last).kind,
          exact.at(Output::grad_gamma, 0).kind,
          exact.at(Output::grad_dy, last).kind};
}

TEST(SecondOrder, NonFiniteInputsSpoilTheOutputsThatUseThem) {
  using enum Exact::Kind;
  for (const double value : {kNaN, HUGE_VAL}) {
    EXPECT_EQ(kinds_with(Input::x, value), (Kinds{nan, nan, nan}));
    EXPECT_EQ(kinds_with(Input::dy, value),
              (Kinds{nonfinite, nonfinite, number}));
    EXPECT_EQ(kinds_with(Input::ddx, value),
              (Kinds{nonfinite, nonfinite, nonfinite}));
    EXPECT_EQ(kinds_with(Input::gamma, value),
              (Kinds{nonfinite, number, nonfinite}));
    EXPECT_EQ(kinds_with(Input::ddgamma, value),
              (Kinds{nonfinite, number, nonfinite}));
    EXPECT_EQ(kinds_with(Input::ddbeta, value),
              (Kinds{number, number, nonfinite}));
  }
}

TEST(SecondOrder, AConstantChannelWithoutEpsilonIsZeroByZero) {
  Problem p = worked_example();
  p.inputs[Input::x] =
      make_tensor(DType::f64, {4, 1}, std::vector{3., 3., 3., 3.});
  const ExactBatchNorm exact(p);
  for (const Output name : output_names(p)) {
    EXPECT_EQ(exact.at(name, 0).kind, Exact::Kind::division_by_zero) << name;
  }
}

}  // namespace
}  // namespace exactbn::second_order_test
