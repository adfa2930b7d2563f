// SPDX-License-Identifier: Apache-2.0
// As zoo_test.cc, for the forward derivative and the double backward.
#include <gtest/gtest.h>

#include <cmath>

#include "oracles/check.h"
#include "reference/draw.h"
#include "reference/testing/trials.h"
#include "reference/textbook/outputs.h"

namespace exactbn::second_order_test {
namespace {

Tensor column(Draw& draw, std::int64_t m, double offset, double scale) {
  std::vector<double> values(static_cast<std::size_t>(m));
  for (double& value : values) value = offset + scale * draw.normal();
  return make_tensor(DType::f32, {m, 1}, values);
}

Tensor scalar(double value) {
  return make_tensor(DType::f32, {1}, std::vector{value});
}

struct Ranges {
  double log2_least_m = 1;
  double log2_m = 9;         // at most
  double log2_scale = 20;    // of x, either way
  double log2_offset = 14;   // of the mean, in deviations, at most
  double log2_factors = 10;  // of dy, u and the parameters, either way
};

// A channel of f32. u is the direction; mean and deviation of x, dy and u of
// any size.
Problem any_problem(Draw& draw, Operation operation, const Ranges& ranges) {
  Problem p;
  p.operation = operation;
  p.epsilon = static_cast<double>(1e-5F);
  const auto m = static_cast<std::int64_t>(
      std::exp2(draw.between(ranges.log2_least_m, ranges.log2_m)));
  const auto scale = [&](double log2) {
    return std::exp2(draw.between(-log2, log2));
  };
  const double deviation = scale(ranges.log2_scale);
  const double mean =
      draw.sign() * deviation * std::exp2(draw.between(-4, ranges.log2_offset));
  p.inputs["x"] = column(draw, m, mean, deviation);
  const InputNames& names = input_names(operation);
  for (const auto& list : {names.required, names.optional}) {
    for (const std::string_view name : list) {
      if (name == "x") continue;
      const double size = scale(ranges.log2_factors);
      if (shaped_like_x(name)) {
        const double offset = draw.below(2) == 0 ? 0 : 30 * size;
        p.inputs[std::string(name)] = column(draw, m, offset, size);
      } else if (draw.below(4) != 0) {
        p.inputs[std::string(name)] = scalar(size * draw.normal());
      }
    }
  }
  return p;
}

using Floats = Matrix<float>;
using FloatOutputs = Outputs<float>;

float sum(const Floats& a) {
  float total = 0;
  for (Eigen::Index i = 0; i < a.size(); ++i) total += a(i);
  return total;
}

// The closed formulas, their sums one by one. `third` is the 3 before
// xhat t p.
FloatOutputs closed(const Problem& p, float third = 3) {
  const auto values = [&](const char* name) {
    return to_matrix<float>(p.inputs.at(name), 1);
  };
  const auto number = [&](const char* name, double absent) {
    const Tensor* tensor = p.find(name);
    return static_cast<float>(tensor ? tensor->value(0) : absent);
  };
  const bool jvp = p.operation == Operation::jvp_training;
  const Floats x = values("x");
  const Floats u = values(jvp ? "x_dot" : "ddx");
  const float gamma = number("gamma", 1);
  const float along_gamma = number(jvp ? "gamma_dot" : "ddgamma", 0);
  const float along_beta = number(jvp ? "beta_dot" : "ddbeta", 0);
  const auto m = static_cast<float>(x.rows());
  const Floats d = x - sum(x) / m;
  const float s = 1 / std::sqrt(sum(d * d) / m + static_cast<float>(p.epsilon));
  const Floats xhat = d * s;
  const Floats h = u - sum(u) / m;
  const float mean_p = sum(u * xhat) / m;
  const Floats y_dot =
      along_gamma * xhat + gamma * s * (h - xhat * mean_p) + along_beta;
  if (jvp) return {{"y_dot", y_dot}};
  const Floats g = values("dy") - sum(values("dy")) / m;
  const float mean_t = sum(values("dy") * xhat) / m;
  const float mean_c = sum(u * g) / m;
  const Floats cubic = xhat * mean_c + g * mean_p + h * mean_t;
  const Floats fifth = third * xhat * mean_t * mean_p;
  const Floats grad_x =
      along_gamma * s * (g - xhat * mean_t) - gamma * s * s * (cubic - fifth);
  const Floats grad_gamma =
      Floats::Constant(1, 1, m * s * (mean_c - mean_t * mean_p));
  return {{"grad_x", grad_x}, {"grad_gamma", grad_gamma}, {"grad_dy", y_dot}};
}

CaseVerdict judged(const Problem& p, const FloatOutputs& outputs,
                   Grade required = Grade::sequential) {
  Answer answer;
  for (const auto& [name, values] : outputs) {
    answer.outputs.emplace(name,
                           to_tensor(values, DType::f32, output_shape(p, name),
                                     shaped_like_x(name) ? 1 : 0));
  }
  return check({"case", p, {}}, {}, answer, required);
}

std::string describe(const Problem& p, const CaseVerdict& verdict) {
  std::string text = to_string(p.x().shape());
  for (const OutputVerdict& out : verdict.outputs) {
    text += ", " + out.output + " eta " + std::to_string(out.max_eta) + " of " +
            std::to_string(out.limit);
  }
  return text;
}

constexpr std::array kSecondOrder = {Operation::jvp_training,
                                     Operation::double_backward_training};

TEST(ZooSecondOrder, NoSoundAlgorithmFails) {
  Draw draw(50);
  int decided = 0;
  int undecided = 0;
  std::map<std::string, double> largest;
  for (int trial = 0; trial < trials(1500); ++trial) {
    for (const Operation operation : kSecondOrder) {
      const Problem p = any_problem(draw, operation, Ranges{});
      for (const FloatOutputs& outputs :
           {Textbook<float>(p).outputs(), closed(p)}) {
        const CaseVerdict verdict = judged(p, outputs);
        ASSERT_NE(verdict.verdict, Verdict::failed) << describe(p, verdict);
        ++(verdict.verdict == Verdict::passed ? decided : undecided);
        for (const OutputVerdict& out : verdict.outputs) {
          double& most = largest[out.output];
          most = std::max(most, out.max_eta / out.limit);
        }
      }
    }
  }
  for (const auto& [output, ratio] : largest) {
    RecordProperty("largest_part_of_the_limit_" + output,
                   std::to_string(ratio));
  }
  EXPECT_GT(decided, 3 * undecided);
}

TEST(ZooSecondOrder, PairwiseSumsAreStable) {
  Draw draw(51);
  Ranges ranges;
  ranges.log2_m = 12;
  ranges.log2_offset = 6;
  for (int trial = 0; trial < 100; ++trial) {
    for (const Operation operation : kSecondOrder) {
      const Problem p = any_problem(draw, operation, ranges);
      const CaseVerdict verdict =
          judged(p, Textbook<float>(p).outputs(), Grade::stable);
      EXPECT_NE(verdict.verdict, Verdict::failed) << describe(p, verdict);
    }
  }
}

// All that moves w there is the square of the error of the mean.
TEST(ZooSecondOrder, AConstantChannelWithARoundedMeanPasses) {
  Draw draw(54);
  int decided = 0;
  for (int trial = 0; trial < 300; ++trial) {
    for (const Operation operation : kSecondOrder) {
      Problem p = any_problem(draw, operation, Ranges{});
      p.inputs["x"] =
          column(draw, p.x().size(), std::exp2(draw.between(-10, 12)), 0);
      for (const FloatOutputs& outputs :
           {Textbook<float>(p).outputs(), closed(p)}) {
        const CaseVerdict verdict = judged(p, outputs);
        EXPECT_NE(verdict.verdict, Verdict::failed) << describe(p, verdict);
        if (verdict.verdict == Verdict::passed) ++decided;
      }
    }
  }
  EXPECT_GT(decided, 600);
}

TEST(ZooSecondOrder, ZeroByZeroIsZeroWhereASubjectSaysSo) {
  Draw draw(55);
  for (const Operation operation : kSecondOrder) {
    Problem p = any_problem(draw, operation, Ranges{});
    p.epsilon = 0;
    p.inputs["x"] = column(draw, p.x().size(), 3, 0);
    const bool jvp = operation == Operation::jvp_training;
    const std::string along_beta = jvp ? "beta_dot" : "ddbeta";
    p.inputs[along_beta] = scalar(7);
    Answer answer;
    for (const std::string_view name : output_names(p)) {
      const bool offset = name == "y_dot" || name == "grad_dy";
      const Shape shape = output_shape(p, name);
      const auto count = static_cast<std::size_t>(element_count(shape));
      const std::vector<double> values(count, offset ? 7 : 0);
      answer.outputs.emplace(name, make_tensor(DType::f32, shape, values));
    }
    Declaration zero;
    zero.zero_variance = ZeroVariance::zero;
    const Case c = {"case", p, {}};
    EXPECT_EQ(check(c, zero, answer, Grade::correct).verdict, Verdict::passed);
    EXPECT_EQ(check(c, {}, answer, Grade::correct).verdict, Verdict::failed);
  }
}

// Two values have no x_dot left, whatever it is: y_dot is that of gamma, beta.
Ranges ordinary() { return {3, 6, 1, 1, 1}; }

// Another coefficient of the one term that the first order has not.
TEST(ZooSecondOrder, AWrongTermFails) {
  Draw draw(52);
  int failed = 0;
  for (int trial = 0; trial < 100; ++trial) {
    const Problem p =
        any_problem(draw, Operation::double_backward_training, ordinary());
    EXPECT_EQ(judged(p, closed(p)).verdict, Verdict::passed);
    if (judged(p, closed(p, 2)).verdict == Verdict::failed) ++failed;
  }
  // Where dy and u are far from 0, and t p is small, it hides.
  EXPECT_GE(failed, 90);
}

// What each optional input adds, left out.
TEST(ZooSecondOrder, AnInputThatIsForgottenShows) {
  Draw draw(53);
  for (int trial = 0; trial < 100; ++trial) {
    for (const Operation operation : kSecondOrder) {
      const Problem p = any_problem(draw, operation, ordinary());
      for (const std::string_view name : input_names(operation).optional) {
        if (!p.find(name)) continue;
        Problem without = p;
        without.inputs.erase(std::string(name));
        EXPECT_EQ(judged(p, closed(without)).verdict, Verdict::failed) << name;
      }
    }
  }
}

}  // namespace
}  // namespace exactbn::second_order_test
