// SPDX-License-Identifier: Apache-2.0
// The rules of README.md, "Edges", in the operations of first order.
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
  p.inputs["x"] = tensor({3, 2}, {1, 4, 2, 6, 3, 11});
  const InputNames& names = input_names(operation);
  for (const auto& list : {names.required, names.optional}) {
    for (const std::string_view name : list) {
      if (name == "x") continue;
      p.inputs[std::string(name)] = shaped_like_x(name)
                                        ? tensor({3, 2}, {1, 2, -5, 3, 7, 1})
                                        : tensor({2}, {2, 3});
    }
  }
  require_valid(p);
  return p;
}

void set(Problem& p, const std::string& input, std::int64_t i, double value) {
  p.inputs.at(input).set_bits(i, round_to(value, DType::f64));
}

// The second of the three values of a channel, or its only one.
std::int64_t place_in(std::string_view output, std::int64_t channel) {
  return shaped_like_x(output) ? 2 + channel : channel;
}

Kind kind_of(const Problem& p, std::string_view output,
             std::int64_t channel = 0) {
  return ExactBatchNorm(p).at(output, place_in(output, channel)).kind;
}

bool same(const Exact& a, const Exact& b) {
  return a.kind == b.kind && a.value.p == b.value.p && a.value.q == b.value.q &&
         a.value.w == b.value.w && a.value.d == b.value.d;
}

// What the outputs of channel 1 become, all values of one alike; those of
// channel 0 stay as they were.
using Kinds = std::map<std::string_view, Kind>;
Kinds kinds_where(Operation operation, const std::string& input, double value) {
  const Problem clean = problem_of(operation);
  Problem p = clean;
  set(p, input, place_in(input, 1), value);
  const ExactBatchNorm exact(p);
  const ExactBatchNorm before(clean);
  Kinds kinds;
  for (const std::string_view output : output_names(p)) {
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

TEST(ExactEdges, ANonFiniteXSpoilsAllOfItsChannelButDbeta) {
  for (const double value : kNonfinite) {
    EXPECT_EQ(kinds_where(Operation::forward_training, "x", value),
              (Kinds{{"mean", nonfinite},
                     {"var", nan},
                     {"invstd", nan},
                     {"y", nan},
                     {"running_mean", nonfinite},
                     {"running_var", nan}}));
    EXPECT_EQ(kinds_where(Operation::backward_training, "x", value),
              (Kinds{{"dx", nan}, {"dgamma", nan}, {"dbeta", number}}));
    EXPECT_EQ(
        kinds_where(Operation::backward_inference, "x", value),
        (Kinds{{"dx", number}, {"dgamma", nonfinite}, {"dbeta", number}}));
  }
}

TEST(ExactEdges, ANonFiniteDyOrGammaSpoilsWhatItEnters) {
  for (const double value : kNonfinite) {
    EXPECT_EQ(
        kinds_where(Operation::backward_training, "dy", value),
        (Kinds{
            {"dx", nonfinite}, {"dgamma", nonfinite}, {"dbeta", nonfinite}}));
    EXPECT_EQ(
        kinds_where(Operation::backward_training, "gamma", value),
        (Kinds{{"dx", nonfinite}, {"dgamma", number}, {"dbeta", number}}));
  }
}

TEST(ExactEdges, ANonFiniteRunningStatisticSpoilsItself) {
  for (const double value : kNonfinite) {
    const Kinds mean =
        kinds_where(Operation::forward_training, "running_mean", value);
    EXPECT_EQ(mean.at("running_mean"), nonfinite);
    EXPECT_EQ(mean.at("running_var"), number);
    EXPECT_EQ(mean.at("y"), number);
    EXPECT_EQ(
        kinds_where(Operation::backward_inference, "running_mean", value),
        (Kinds{{"dx", number}, {"dgamma", nonfinite}, {"dbeta", number}}));
  }
  const Kinds variance =
      kinds_where(Operation::forward_training, "running_var", kInfinity);
  EXPECT_EQ(variance.at("running_mean"), number);
  EXPECT_EQ(variance.at("running_var"), nonfinite);
  EXPECT_EQ(variance.at("y"), number);
}

TEST(ExactEdges, AConstantChannelWithoutEpsilonIsZeroByZero) {
  const auto constant = [](Operation operation) {
    Problem p = problem_of(operation);
    p.epsilon = 0;
    for (const std::int64_t i : {0, 2, 4}) set(p, "x", i, 0.1);
    return p;
  };
  const Problem forward = constant(Operation::forward_training);
  EXPECT_EQ(kind_of(forward, "mean"), number);
  EXPECT_EQ(kind_of(forward, "var"), number);
  EXPECT_EQ(kind_of(forward, "invstd"), division_by_zero);
  EXPECT_EQ(kind_of(forward, "y"), division_by_zero);
  EXPECT_EQ(kind_of(forward, "y", 1), number);
  EXPECT_EQ(kind_of(forward, "running_var"), number);
  const Problem backward = constant(Operation::backward_training);
  EXPECT_EQ(kind_of(backward, "dx"), division_by_zero);
  EXPECT_EQ(kind_of(backward, "dgamma"), division_by_zero);
  EXPECT_EQ(kind_of(backward, "dbeta"), number);
}

TEST(ExactEdges, AFrozenVarianceOfZeroDividesWhatIsNotZeroToo) {
  Problem forward = problem_of(Operation::forward_inference);
  forward.epsilon = 0;
  set(forward, "running_var", 0, 0);
  EXPECT_EQ(kind_of(forward, "y"), division_by_zero);  // x = mean = 2
  set(forward, "running_mean", 0, 1);
  EXPECT_EQ(kind_of(forward, "y"), nonfinite);
  Problem backward = problem_of(Operation::backward_inference);
  backward.epsilon = 0;
  set(backward, "running_var", 0, 0);
  // T = 1 (1 - 2) - 5 (2 - 2) + 7 (3 - 2) = 6
  EXPECT_EQ(kind_of(backward, "dgamma"), nonfinite);
  EXPECT_EQ(kind_of(backward, "dx"), nonfinite);
  EXPECT_EQ(kind_of(backward, "dbeta"), number);
  set(backward, "dy", 4, 1);
  EXPECT_EQ(kind_of(backward, "dgamma"), division_by_zero);
  set(backward, "gamma", 0, 0);
  EXPECT_EQ(kind_of(backward, "dx"), division_by_zero);
}

TEST(ExactEdges, ASingleValueHasNoUnbiasedVariance) {
  Problem p;
  p.epsilon = 0.5;
  p.momentum = 0.25;
  p.inputs["x"] = tensor({1, 1}, {3});
  p.inputs["beta"] = tensor({1}, {7});
  p.inputs["running_var"] = tensor({1}, {8});
  const ExactBatchNorm exact(p);
  EXPECT_EQ(exact.at("running_var", 0).kind, unbiased_of_one);
  EXPECT_EQ(compare(exact.at("running_var_biased", 0).value, 6), 0);
  EXPECT_EQ(compare(exact.at("var", 0).value, 0), 0);
  EXPECT_EQ(compare(exact.at("y", 0).value, 7), 0);
}

// The value of double arithmetic, which rounds none of the numbers below.
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
            p.inputs["x"] = tensor({1, 2}, {1, x});
            p.inputs["running_mean"] = tensor({2}, {1, mean});
            p.inputs["running_var"] = tensor({2}, {3, variance});
            p.inputs["gamma"] = tensor({2}, {1, gamma});
            p.inputs["beta"] = tensor({2}, {1, beta});
            const double xhat = (x - mean) / std::sqrt(variance + 1);
            const ExactBatchNorm exact(p);
            expect_ieee(exact.at("y", 1), gamma * xhat + beta, "y");
            expect_ieee(exact.at("y", 0), 1, "y of the other channel");
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
        p.inputs["x"] = tensor({2, 1}, {kNaN, 1});
        p.inputs["dy"] = tensor({2, 1}, {4, dy});
        p.inputs["running_mean"] = tensor({1}, {kNaN});
        p.inputs["running_var"] = tensor({1}, {variance});
        p.inputs["gamma"] = tensor({1}, {gamma});
        const double invstd = 1 / std::sqrt(variance + 1);
        const ExactBatchNorm exact(p);
        expect_ieee(exact.at("dx", 0), gamma * 4 * invstd, "of 4");
        expect_ieee(exact.at("dx", 1), gamma * dy * invstd, "of dy");
        if (HasFailure()) FAIL() << dy << ' ' << variance << ' ' << gamma;
      }
    }
  }
}

// In training they meet numbers alone: x is 1 2 3, so that xhat is < 0, 0, > 0.
TEST(ExactEdges, NonFiniteGammaAndBetaEnterYAsInIeeeArithmetic) {
  for (const double gamma : {kNaN, kInfinity, -kInfinity, 2.0}) {
    for (const double beta : {kNaN, kInfinity, -kInfinity}) {
      Problem p = problem_of(Operation::forward_training);
      set(p, "gamma", 0, gamma);
      set(p, "beta", 0, beta);
      const ExactBatchNorm exact(p);
      for (const int xhat : {-1, 0, 1}) {
        expect_ieee(exact.at("y", 2 + 2 * xhat), gamma * xhat + beta, "y");
      }
      EXPECT_EQ(exact.at("mean", 0).kind, number);
    }
  }
}

}  // namespace
}  // namespace exactbn::exact_edges_test
