// SPDX-License-Identifier: Apache-2.0
// The rules of README.md, "Edges", in first-order operations.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "reference/exact.h"

namespace exactbn::exact_edges_test {
namespace {

using Kind = Exact::Kind;
using enum Exact::Kind;

constexpr double kNaN = NAN;
constexpr double kInfinity = HUGE_VAL;
constexpr std::array kNonfinite = {kNaN, kInfinity, -kInfinity};

Tensor tensor(const Shape& shape, const std::vector<double>& values) {
  return make_tensor(DType::f64, shape, values);
}

// Two channels of three values: 1 2 3, whose mean is 2, and 4 6 11.
Problem problem_of(Operation operation) {
  Problem p;
  p.operation = operation;
  p.epsilon = 0.5;
  p.momentum = 0.25;
  p.inputs[Input::x] = tensor({3, 2}, {1, 4, 2, 6, 3, 11});
  for (const Input name : inputs_of(operation)) {
    if (name == Input::x) continue;
    p.inputs[name] = shaped_like_x(name) ? tensor({3, 2}, {1, 2, -5, 3, 7, 1})
                                         : tensor({2}, {2, 3});
  }
  require_valid(p);
  return p;
}

void set(Problem& p, Input input, std::int64_t i, double value) {
  p.inputs.at(input).set_bits(i, round_to(value, DType::f64));
}

// The index of the second of a channel's three values, or of its only one.
template <class Name>
std::int64_t place_in(Name name, std::int64_t channel) {
  return shaped_like_x(name) ? 2 + channel : channel;
}

Kind kind_of(const Problem& p, Output output, std::int64_t channel = 0) {
  return ExactBatchNorm(p).at(output, place_in(output, channel)).kind;
}

bool same(const Exact& a, const Exact& b) {
  return a.kind == b.kind && a.value.p == b.value.p && a.value.q == b.value.q &&
         a.value.w == b.value.w && a.value.d == b.value.d;
}

// The kinds of channel 1's outputs, equal for all values of an output. Channel
// 0 must not change.
using Kinds = std::map<Output, Kind>;
Kinds kinds_where(Operation operation, Input input, double value) {
  const Problem clean = problem_of(operation);
  Problem p = clean;
  set(p, input, place_in(input, 1), value);
  const ExactBatchNorm exact(p);
  const ExactBatchNorm before(clean);
  Kinds kinds;
  for (const Output output : output_names(p)) {
    kinds[output] = kind_of(p, output, 1);
    for (std::int64_t i = 0; i < (shaped_like_x(output) ? 6 : 2); i += 2) {
      EXPECT_TRUE(same(exact.at(output, i), before.at(output, i)))
          << input << " spoils " << output << '[' << i << ']';
      EXPECT_EQ(exact.at(output, i + 1).kind, kinds[output])
          << input << " in " << output << '[' << i + 1 << ']';
    }
  }
  return kinds;
}

TEST(ExactEdges, ANonFiniteXSpoilsItsChannelExceptDbeta) {
  for (const double value : kNonfinite) {
    EXPECT_EQ(kinds_where(Operation::forward_training, Input::x, value),
              (Kinds{{Output::mean, nonfinite},
                     {Output::var, nan},
                     {Output::invstd, nan},
                     {Output::y, nan},
                     {Output::running_mean, nonfinite},
                     {Output::running_var, nan}}));
    EXPECT_EQ(kinds_where(Operation::backward_training, Input::x, value),
              (Kinds{{Output::dx, nan},
                     {Output::dgamma, nan},
                     {Output::dbeta, number}}));
    EXPECT_EQ(kinds_where(Operation::backward_inference, Input::x, value),
              (Kinds{{Output::dx, number},
                     {Output::dgamma, nonfinite},
                     {Output::dbeta, number}}));
  }
}

TEST(ExactEdges, ANonFiniteDyOrGammaSpoilsTheOutputsThatUseIt) {
  for (const double value : kNonfinite) {
    EXPECT_EQ(kinds_where(Operation::backward_training, Input::dy, value),
              (Kinds{{Output::dx, nonfinite},
                     {Output::dgamma, nonfinite},
                     {Output::dbeta, nonfinite}}));
    EXPECT_EQ(kinds_where(Operation::backward_training, Input::gamma, value),
              (Kinds{{Output::dx, nonfinite},
                     {Output::dgamma, number},
                     {Output::dbeta, number}}));
  }
}

TEST(ExactEdges, ANonFiniteRunningStatisticSpoilsItself) {
  for (const double value : kNonfinite) {
    const Kinds mean =
        kinds_where(Operation::forward_training, Input::running_mean, value);
    EXPECT_EQ(mean.at(Output::running_mean), nonfinite);
    EXPECT_EQ(mean.at(Output::running_var), number);
    EXPECT_EQ(mean.at(Output::y), number);
    EXPECT_EQ(
        kinds_where(Operation::backward_inference, Input::running_mean, value),
        (Kinds{{Output::dx, number},
               {Output::dgamma, nonfinite},
               {Output::dbeta, number}}));
  }
  const Kinds variance =
      kinds_where(Operation::forward_training, Input::running_var, kInfinity);
  EXPECT_EQ(variance.at(Output::running_mean), number);
  EXPECT_EQ(variance.at(Output::running_var), nonfinite);
  EXPECT_EQ(variance.at(Output::y), number);
}

TEST(ExactEdges, AConstantChannelWithoutEpsilonIsZeroByZero) {
  const auto constant = [](Operation operation) {
    Problem p = problem_of(operation);
    p.epsilon = 0;
    for (const std::int64_t i : {0, 2, 4}) set(p, Input::x, i, 0.1);
    return p;
  };
  const Problem forward = constant(Operation::forward_training);
  EXPECT_EQ(kind_of(forward, Output::mean), number);
  EXPECT_EQ(kind_of(forward, Output::var), number);
  EXPECT_EQ(kind_of(forward, Output::invstd), division_by_zero);
  EXPECT_EQ(kind_of(forward, Output::y), division_by_zero);
  EXPECT_EQ(kind_of(forward, Output::y, 1), number);
  EXPECT_EQ(kind_of(forward, Output::running_var), number);
  const Problem backward = constant(Operation::backward_training);
  EXPECT_EQ(kind_of(backward, Output::dx), division_by_zero);
  EXPECT_EQ(kind_of(backward, Output::dgamma), division_by_zero);
  EXPECT_EQ(kind_of(backward, Output::dbeta), number);
}

TEST(ExactEdges, AFrozenVarianceOfZeroAlsoDividesNonzeros) {
  Problem forward = problem_of(Operation::forward_inference);
  forward.epsilon = 0;
  set(forward, Input::running_var, 0, 0);
  EXPECT_EQ(kind_of(forward, Output::y), division_by_zero);  // x = mean = 2
  set(forward, Input::running_mean, 0, 1);
  EXPECT_EQ(kind_of(forward, Output::y), nonfinite);
  Problem backward = problem_of(Operation::backward_inference);
  backward.epsilon = 0;
  set(backward, Input::running_var, 0, 0);
  // T = 1 (1 - 2) - 5 (2 - 2) + 7 (3 - 2) = 6
  EXPECT_EQ(kind_of(backward, Output::dgamma), nonfinite);
  EXPECT_EQ(kind_of(backward, Output::dx), nonfinite);
  EXPECT_EQ(kind_of(backward, Output::dbeta), number);
  set(backward, Input::dy, 4, 1);
  EXPECT_EQ(kind_of(backward, Output::dgamma), division_by_zero);
  set(backward, Input::gamma, 0, 0);
  EXPECT_EQ(kind_of(backward, Output::dx), division_by_zero);
}

TEST(ExactEdges, ASingleValueHasNoUnbiasedVariance) {
  Problem p;
  p.epsilon = 0.5;
  p.momentum = 0.25;
  p.inputs[Input::x] = tensor({1, 1}, {3});
  p.inputs[Input::beta] = tensor({1}, {7});
  p.inputs[Input::running_var] = tensor({1}, {8});
  const ExactBatchNorm exact(p);
  EXPECT_EQ(exact.at(Output::running_var, 0).kind, unbiased_of_one);
  EXPECT_EQ(compare(exact.at(Output::running_var_biased, 0).value, 6), 0);
  EXPECT_EQ(compare(exact.at(Output::var, 0).value, 0), 0);
  EXPECT_EQ(compare(exact.at(Output::y, 0).value, 7), 0);
}

// `expected` is from double arithmetic, which rounds none of the numbers below.
void expect_ieee(const Exact& exact, double expected, const char* what) {
  if (std::isnan(expected)) {
    EXPECT_EQ(exact.kind, nan) << what;
  } else if (std::isinf(expected)) {
    EXPECT_EQ(exact.kind, expected > 0 ? plus_infinity : minus_infinity)
        << what;
  } else {
    ASSERT_EQ(exact.kind, number) << what;
    EXPECT_EQ(compare(exact.value, dyadic(expected)), 0) << what;
  }
}

TEST(ExactEdges, InferenceIsIeeeArithmeticElementByElement) {
  const std::vector<double> values = {kNaN, kInfinity, -kInfinity, 0, 2, -3};
  for (const double x : values) {
    for (const double mean : values) {
      for (const double variance : {kNaN, kInfinity, 3.0}) {
        for (const double gamma : values) {
          for (const double beta : values) {
            Problem p;
            p.operation = Operation::forward_inference;
            p.epsilon = 1;
            p.inputs[Input::x] = tensor({1, 2}, {1, x});
            p.inputs[Input::running_mean] = tensor({2}, {1, mean});
            p.inputs[Input::running_var] = tensor({2}, {3, variance});
            p.inputs[Input::gamma] = tensor({2}, {1, gamma});
            p.inputs[Input::beta] = tensor({2}, {1, beta});
            const double xhat = (x - mean) / std::sqrt(variance + 1);
            const ExactBatchNorm exact(p);
            expect_ieee(exact.at(Output::y, 1), gamma * xhat + beta, "y");
            expect_ieee(exact.at(Output::y, 0), 1, "y of the other channel");
            if (HasFailure()) {
              FAIL() << x << ' ' << mean << ' ' << variance << ' ' << gamma
                     << ' ' << beta;
            }
          }
        }
      }
    }
  }
}

TEST(ExactEdges, FrozenDxIsIeeeArithmeticElementByElement) {
  const std::vector<double> values = {kNaN, kInfinity, -kInfinity, 0, 2, -3};
  for (const double dy : values) {
    for (const double variance : {kNaN, kInfinity, 3.0}) {
      for (const double gamma : values) {
        Problem p;
        p.operation = Operation::backward_inference;
        p.epsilon = 1;
        p.inputs[Input::x] = tensor({2, 1}, {kNaN, 1});
        p.inputs[Input::dy] = tensor({2, 1}, {4, dy});
        p.inputs[Input::running_mean] = tensor({1}, {kNaN});
        p.inputs[Input::running_var] = tensor({1}, {variance});
        p.inputs[Input::gamma] = tensor({1}, {gamma});
        const double invstd = 1 / std::sqrt(variance + 1);
        const ExactBatchNorm exact(p);
        expect_ieee(exact.at(Output::dx, 0), gamma * 4 * invstd, "of 4");
        expect_ieee(exact.at(Output::dx, 1), gamma * dy * invstd, "of dy");
        if (HasFailure()) FAIL() << dy << ' ' << variance << ' ' << gamma;
      }
    }
  }
}

// In training they meet only numbers: x is 1 2 3, so xhat is < 0, 0, > 0.
TEST(ExactEdges, NonFiniteGammaAndBetaEnterYAsInIeeeArithmetic) {
  for (const double gamma : {kNaN, kInfinity, -kInfinity, 2.0}) {
    for (const double beta : {kNaN, kInfinity, -kInfinity}) {
      Problem p = problem_of(Operation::forward_training);
      set(p, Input::gamma, 0, gamma);
      set(p, Input::beta, 0, beta);
      const ExactBatchNorm exact(p);
      for (const int xhat : {-1, 0, 1}) {
        expect_ieee(exact.at(Output::y, 2 + 2 * xhat), gamma * xhat + beta,
                    "y");
      }
      EXPECT_EQ(exact.at(Output::mean, 0).kind, number);
    }
  }
}

}  // namespace
}  // namespace exactbn::exact_edges_test
