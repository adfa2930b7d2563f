// SPDX-License-Identifier: Apache-2.0
// Compares the exact derivatives with automatic differentiation of the forward
// formula. The only derivative rules are those of +, -, *, / and sqrt.
#include <gtest/gtest.h>

#include "reference/draw.h"
#include "reference/exact.h"
#include "reference/testing/digits.h"

namespace exactbn::second_order_dual_test {
namespace {

using Real = Digits300;

// value + slope h with h^2 = 0 (Clifford).
template <class T>
struct Dual {
  T value;
  T slope;

  Dual(int number) : value(number), slope(0) {}  // NOLINT: a number
  Dual(T value_, T slope_)
      : value(std::move(value_)), slope(std::move(slope_)) {}

  friend Dual operator+(const Dual& a, const Dual& b) {
    return {a.value + b.value, a.slope + b.slope};
  }
  friend Dual operator-(const Dual& a, const Dual& b) {
    return {a.value - b.value, a.slope - b.slope};
  }
  friend Dual operator*(const Dual& a, const Dual& b) {
    return {a.value * b.value, a.value * b.slope + a.slope * b.value};
  }
  friend Dual operator/(const Dual& a, const Dual& b) {
    const T quotient = a.value / b.value;
    return {quotient, (a.slope - quotient * b.slope) / b.value};
  }
  friend Dual sqrt(const Dual& a) {
    using std::sqrt;
    const T root = sqrt(a.value);
    return {root, a.slope / (T(2) * root)};
  }
};

// Algorithm 1 of the paper, for one channel.
template <class T>
std::vector<T> forward(const std::vector<T>& x, const T& gamma, const T& beta,
                       const T& eps) {
  const T m(static_cast<int>(x.size()));
  T sum = 0;
  for (const T& xi : x) sum = sum + xi;
  const T mean = sum / m;
  T squares = 0;
  for (const T& xi : x) squares = squares + (xi - mean) * (xi - mean);
  const T sigma = sqrt(squares / m + eps);
  std::vector<T> y;
  for (const T& xi : x) y.push_back((xi - mean) / sigma * gamma + beta);
  return y;
}

using First = Dual<Real>;
using Second = Dual<First>;

Real number(const Dyadic& a) { return ldexp(Real(a.n), static_cast<int>(a.e)); }

Real number(const Surd& s) {
  return (number(s.p) + number(s.q) / sqrt(number(s.w))) / number(s.d);
}

// One channel, with every input.
struct RandomProblem {
  Problem problem;

  explicit RandomProblem(Draw& draw, Operation operation) {
    problem.operation = operation;
    problem.epsilon = draw.unit();
    const auto m = static_cast<std::int64_t>(2 + draw.below(6));
    problem.inputs[Input::x] = Tensor(DType::f64, {m, 1});
    for (const Input name : inputs_of(operation)) {
      Tensor tensor(DType::f64, shape_of(problem, name));
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        tensor.set_bits(i, round_to(1 + draw.normal(), DType::f64));
      }
      problem.inputs.insert_or_assign(name, tensor);
    }
  }

  std::int64_t m() const { return problem.x().size(); }

  Real operator()(Input name, std::int64_t i = 0) const {
    return Real(problem.find(name)->value(i));
  }
};

void expect_near(const Exact& got, const Real& want) {
  ASSERT_EQ(got.kind, Exact::Kind::number);
  EXPECT_LT(abs(number(got.value) - want), Real("1e-130") * (1 + abs(want)));
}

TEST(SecondOrder, YDotIsTheSlopeOfTheForwardPass) {
  Draw draw(30);
  for (int trial = 0; trial < 200; ++trial) {
    const RandomProblem in(draw, Operation::jvp_training);
    std::vector<First> x;
    for (std::int64_t i = 0; i < in.m(); ++i) {
      x.push_back({in(Input::x, i), in(Input::x_dot, i)});
    }
    const std::vector<First> y =
        forward<First>(x, {in(Input::gamma), in(Input::gamma_dot)},
                       {0, in(Input::beta_dot)}, {in.problem.epsilon, 0});
    const ExactBatchNorm exact(in.problem);
    for (std::int64_t i = 0; i < in.m(); ++i) {
      expect_near(exact.at(Output::y_dot, i),
                  y[static_cast<std::size_t>(i)].slope);
    }
  }
}

// The inner slope of sum(dy y) along (ddx, ddgamma, ddbeta) is L. The outer
// slope is dL/dx_k, or dL/dgamma if k = -1.
Real slope_of_l(const RandomProblem& in, std::int64_t k) {
  std::vector<Second> x;
  for (std::int64_t i = 0; i < in.m(); ++i) {
    x.push_back({{in(Input::x, i), in(Input::ddx, i)}, {Real(i == k), 0}});
  }
  const std::vector<Second> y = forward<Second>(
      x, {{in(Input::gamma), in(Input::ddgamma)}, {Real(k < 0), 0}},
      {{0, in(Input::ddbeta)}, 0}, {{in.problem.epsilon, 0}, 0});
  Real sum = 0;
  for (std::int64_t i = 0; i < in.m(); ++i) {
    sum += in(Input::dy, i) * y[static_cast<std::size_t>(i)].slope.slope;
  }
  return sum;
}

TEST(SecondOrder, TheDoubleBackwardIsTheSlopeOfASlope) {
  Draw draw(31);
  for (int trial = 0; trial < 100; ++trial) {
    const RandomProblem in(draw, Operation::double_backward_training);
    const ExactBatchNorm exact(in.problem);
    expect_near(exact.at(Output::grad_gamma, 0), slope_of_l(in, -1));
    for (std::int64_t k = 0; k < in.m(); ++k) {
      expect_near(exact.at(Output::grad_x, k), slope_of_l(in, k));
    }
  }
}

}  // namespace
}  // namespace exactbn::second_order_dual_test
