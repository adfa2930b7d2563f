// SPDX-License-Identifier: Apache-2.0
// Like sound_test.cc, for the forward derivative and the double backward.
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

// An f32 channel. u is the direction; x, dy and u have any mean and deviation.
Problem drawn_channel(Draw& draw, Operation operation, const Ranges& ranges) {
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
  p.inputs[Input::x] = column(draw, m, mean, deviation);
  for (const Input name : inputs_of(operation)) {
    if (name == Input::x) continue;
    const double size = scale(ranges.log2_factors);
    if (shaped_like_x(name)) {
      const double offset = draw.below(2) == 0 ? 0 : 30 * size;
      p.inputs[name] = column(draw, m, offset, size);
    } else if (draw.below(4) != 0) {
      p.inputs[name] = scalar(size * draw.normal());
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

// The closed formulas with sequential sums. `third` is the factor 3 of xhat t
// p.
FloatOutputs closed(const Problem& p, float third = 3) {
  const auto values = [&](Input name) {
    return to_matrix<float>(p.inputs.at(name), 1);
  };
  const auto number = [&](Input name) {
    return static_cast<float>(p.parameter(name, 0));
  };
  const DirectionInputs along = *traits(p.operation).direction;
  const Floats x = values(Input::x);
  const Floats u = values(along.x);
  const float gamma = number(Input::gamma);
  const float along_gamma = number(along.gamma);
  const float along_beta = number(along.beta);
  const auto m = static_cast<float>(x.rows());
  const Floats d = x - sum(x) / m;
  const float s = 1 / std::sqrt(sum(d * d) / m + static_cast<float>(p.epsilon));
  const Floats xhat = d * s;
  const Floats h = u - sum(u) / m;
  const float mean_p = sum(u * xhat) / m;
  const Floats y_dot =
      along_gamma * xhat + gamma * s * (h - xhat * mean_p) + along_beta;
  if (!p.find(Input::dy)) return {{Output::y_dot, y_dot}};
  const Floats g = values(Input::dy) - sum(values(Input::dy)) / m;
  const float mean_t = sum(values(Input::dy) * xhat) / m;
  const float mean_c = sum(u * g) / m;
  const Floats cubic = xhat * mean_c + g * mean_p + h * mean_t;
  const Floats fifth = third * xhat * mean_t * mean_p;
  const Floats grad_x =
      along_gamma * s * (g - xhat * mean_t) - gamma * s * s * (cubic - fifth);
  const Floats grad_gamma =
      Floats::Constant(1, 1, m * s * (mean_c - mean_t * mean_p));
  return {{Output::grad_x, grad_x},
          {Output::grad_gamma, grad_gamma},
          {Output::grad_dy, y_dot}};
}

CaseVerdict judged(const Problem& p, const FloatOutputs& outputs,
                   Grade required = Grade::sequential) {
  Answer answer;
  for (const auto& [name, values] : outputs) {
    answer.outputs.emplace(name,
                           to_tensor(values, DType::f32, shape_of(p, name),
                                     shaped_like_x(name) ? 1 : 0));
  }
  return check({"case", p, {}}, {}, answer, required);
}

std::string describe(const Problem& p, const CaseVerdict& verdict) {
  std::string text = to_string(p.x().shape());
  for (const OutputVerdict& out : verdict.outputs) {
    text += ", " + std::string(to_string(out.output)) + " eta " +
            std::to_string(out.max_eta) + " of " + std::to_string(out.limit);
  }
  return text;
}

constexpr std::array kSecondOrder = {Operation::jvp_training,
                                     Operation::double_backward_training};

TEST(ZooSecondOrder, NoSoundAlgorithmFails) {
  Draw draw(50);
  int decided = 0;
  int undecided = 0;
  std::map<Output, double> largest;
  for (int trial = 0; trial < trials(1500); ++trial) {
    for (const Operation operation : kSecondOrder) {
      const Problem p = drawn_channel(draw, operation, {});
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
    RecordProperty(
        "largest_part_of_the_limit_" + std::string(to_string(output)),
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
      const Problem p = drawn_channel(draw, operation, ranges);
      const CaseVerdict verdict =
          judged(p, Textbook<float>(p).outputs(), Grade::stable);
      EXPECT_NE(verdict.verdict, Verdict::failed) << describe(p, verdict);
    }
  }
}

// Only the square of the error of the mean moves w there.
TEST(ZooSecondOrder, AConstantChannelWithARoundedMeanPasses) {
  Draw draw(54);
  int decided = 0;
  for (int trial = 0; trial < 300; ++trial) {
    for (const Operation operation : kSecondOrder) {
      Problem p = drawn_channel(draw, operation, {});
      p.inputs[Input::x] =
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
    Problem p = drawn_channel(draw, operation, {});
    p.epsilon = 0;
    p.inputs[Input::x] = column(draw, p.x().size(), 3, 0);
    p.inputs[traits(operation).direction->beta] = scalar(7);
    Answer answer;
    for (const Output name : output_names(p)) {
      const bool offset = name == Output::y_dot || name == Output::grad_dy;
      const Shape shape = shape_of(p, name);
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

// With two values, any x_dot projects to 0: y_dot depends on gamma_dot and
// beta_dot only.
Ranges ordinary() { return {3, 6, 1, 1, 1}; }

// Changes the coefficient of the one term that the first order lacks.
TEST(ZooSecondOrder, AWrongTermFails) {
  Draw draw(52);
  int failed = 0;
  for (int trial = 0; trial < 100; ++trial) {
    const Problem p =
        drawn_channel(draw, Operation::double_backward_training, ordinary());
    EXPECT_EQ(judged(p, closed(p)).verdict, Verdict::passed);
    if (judged(p, closed(p, 2)).verdict == Verdict::failed) ++failed;
  }
  // The term is hidden if dy and u are far from 0 and t p is small.
  EXPECT_GE(failed, 90);
}

// Leaves out the contribution of each optional input.
TEST(ZooSecondOrder, AnInputThatIsForgottenShows) {
  Draw draw(53);
  for (int trial = 0; trial < 100; ++trial) {
    for (const Operation operation : kSecondOrder) {
      const Problem p = drawn_channel(draw, operation, ordinary());
      for (const Input name : traits(operation).optional) {
        if (!p.find(name)) continue;
        Problem without = p;
        without.inputs.erase(name);
        EXPECT_EQ(judged(p, closed(without)).verdict, Verdict::failed) << name;
      }
    }
  }
}

}  // namespace
}  // namespace exactbn::second_order_test
