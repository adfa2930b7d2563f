// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/ulp_histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "oracles/check.h"
#include "reference/draw.h"

namespace exactbn::ulp_histogram_test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(UlpBin, HoldsUpToAPowerOfTwo) {
  EXPECT_EQ(ulp_bin(0), 0u);
  EXPECT_EQ(ulp_bin(1), 1u);
  for (std::size_t bin = 1; bin + 1 < UlpHistogram::kBins; ++bin) {
    const std::uint64_t most = UlpHistogram::most_steps(bin);
    EXPECT_EQ(ulp_bin(most), bin);
    EXPECT_EQ(ulp_bin(most + 1), bin + 1);
  }
  EXPECT_EQ(UlpHistogram::most_steps(UlpHistogram::kBins - 2), 1u << 24);
  EXPECT_EQ(ulp_bin(~std::uint64_t{0}), UlpHistogram::kBins - 1);
}

TEST(StepsBetween, CountsTheValuesOfTheFormat) {
  const auto steps = [](double a, double b, DType dtype) {
    return steps_between(round_to(a, dtype), round_to(b, dtype), dtype);
  };
  EXPECT_EQ(steps(1, 1 + 0x1p-22, DType::f32), 2u);
  EXPECT_EQ(steps(1 + 0x1p-22, 1, DType::f32), 2u);
  EXPECT_EQ(steps(-1, -1 - 0x1p-7, DType::bf16), 1u);
  EXPECT_EQ(steps(-0x1p-24, 0x1p-24, DType::f16), 2u);
  EXPECT_EQ(steps(-0.0, 0.0, DType::f64), 0u);
  const double most = std::numeric_limits<double>::max();
  EXPECT_EQ(steps(-most, most, DType::f64), 2 * 0x7fefffffffffffffu);
}

Problem draw_problem(Draw& draw, Operation operation, DType dtype,
                     double mean) {
  Problem p;
  p.operation = operation;
  p.epsilon = 0x1p-17;
  p.momentum = 0.25;
  const Shape shape = {5, 2, 9};
  for (const Input name : inputs_of(operation)) {
    Tensor t(dtype, shaped_like_x(name) ? shape : Shape{2});
    for (std::int64_t i = 0; i < t.size(); ++i) {
      double value = (name == Input::x ? mean : 0.25) + draw.normal();
      if (name == Input::running_var) value = std::fabs(value);
      t.set_bits(i, round_to(value, dtype));
    }
    p.inputs.emplace(name, std::move(t));
  }
  require_valid(p);
  return p;
}

// Correct, except for some values a few steps off and some far off.
OutputTensors wrong_answer(Draw& draw, const Problem& problem, DType dtype) {
  const ExactBatchNorm exact(problem);
  OutputTensors tensors;
  for (const Output name : output_names(problem)) {
    Tensor t = exact.rounded(name, dtype);
    for (std::int64_t i = 0; i < t.size(); ++i) {
      const std::uint64_t pick = draw.below(20);
      if (pick == 0) t.set_bits(i, draw_bits(draw, dtype));
      if (pick == 1) t.set_bits(i, format(dtype).quiet_nan());
      if (pick < 4 || !t.finite(i)) continue;
      if (pick < 8) t.set_bits(i, t.bits(i) ^ draw.below(16));
    }
    tensors.emplace(name, std::move(t));
  }
  return tensors;
}

std::vector<OutputVerdict> verdicts(const Problem& problem,
                                    const Declaration& declaration,
                                    const OutputTensors& got, Grade required) {
  Answer answer;
  answer.outputs = got;
  return check({"a", problem, {}}, declaration, answer, required).outputs;
}

// The same histogram from the judge alone, one value at a time.
UlpHistogram judged(const Problem& problem, const Declaration& declaration,
                    Output output, const Tensor& got, Grade required) {
  const Judge judge(problem, declaration);
  const DType dtype = got.dtype();
  UlpHistogram h;
  for (std::int64_t i = 0; i < got.size(); ++i) {
    const Judgement j = judge(output, i, got.bits(i), dtype);
    if (!j.decided && required >= Grade::stable) {
      ++h.undecided;
    } else if (j.grade == Grade::correct) {
      ++h.off[0];
    } else if (!got.finite(i) || !is_finite(j.want, dtype)) {
      ++h.unlike;
    } else {
      ++h.off[ulp_bin(steps_between(got.bits(i), j.want, dtype))];
    }
  }
  return h;
}

void expect_agreement_with_judge(const Problem& problem,
                                 const Declaration& declaration,
                                 const OutputTensors& got) {
  for (const Grade required : {Grade::correct, Grade::sequential}) {
    const auto outputs = verdicts(problem, declaration, got, required);
    const auto all = ulp_histograms(problem, declaration, got, outputs);
    ASSERT_EQ(all.size(), outputs.size());
    for (std::size_t k = 0; k < all.size(); ++k) {
      const OutputVerdict& out = outputs[k];
      const Tensor& tensor = got.at(out.output);
      const std::string where = std::string(to_string(problem.operation)) +
                                ' ' + std::string(to_string(out.output)) + ' ' +
                                std::string(format(out.dtype).name);
      EXPECT_EQ(all[k],
                judged(problem, declaration, out.output, tensor, required))
          << where;
      EXPECT_EQ(all[k].undecided, out.undecided_values) << where;
      EXPECT_EQ(all[k].decided() + all[k].undecided, tensor.size()) << where;
    }
  }
}

TEST(UlpHistogram, AgreesWithTheJudge) {
  Draw draw(1);
  std::int64_t undecided = 0;
  for (const Operation operation : kOperations) {
    for (const DType dtype : kDTypes) {
      // If the mean is 2^18 deviations or more, f32 sums leave values
      // undecided.
      for (const double mean : {0.5, 0x1p22}) {
        if (mean > 1 && format(dtype).precision < 24) continue;
        const Problem p = draw_problem(draw, operation, dtype, mean);
        for (const DType of_answer : {dtype, DType::f32}) {
          const OutputTensors got = wrong_answer(draw, p, of_answer);
          expect_agreement_with_judge(p, {}, got);
          for (const auto& out : verdicts(p, {}, got, Grade::sequential)) {
            undecided += out.undecided_values;
          }
        }
      }
    }
  }
  EXPECT_GT(undecided, 100);
}

Problem forward(const std::vector<double>& x, double epsilon) {
  Problem p;
  p.epsilon = epsilon;
  p.momentum = 0.5;
  const auto m = static_cast<std::int64_t>(x.size());
  p.inputs[Input::x] = make_tensor(DType::f32, {m, 1}, x);
  p.inputs[Input::beta] = make_tensor(DType::f32, {1}, std::vector{3.});
  p.inputs[Input::running_var] = make_tensor(DType::f32, {1}, std::vector{2.});
  return p;
}

UlpHistogram one(const Problem& p, Output output, double got,
                 const Declaration& declaration = {}) {
  OutputTensors answer;
  const Shape shape = shape_of(p, output);
  Tensor t(DType::f32, shape);
  for (std::int64_t i = 0; i < t.size(); ++i) {
    t.set_bits(i, round_to(got, DType::f32));
  }
  answer.emplace(output, t);
  OutputVerdict out;
  out.output = output;
  out.dtype = DType::f32;
  return ulp_histograms(p, declaration, answer, std::vector{out}).front();
}

TEST(UlpHistogram, CountsNanAndInfinityAsUnlike) {
  const Problem finite = forward({1, 2}, 0.25);
  EXPECT_EQ(one(finite, Output::mean, 1.5).off[0], 1);
  EXPECT_EQ(one(finite, Output::mean, 1.5 + 0x1p-23).off[1], 1);
  EXPECT_EQ(one(finite, Output::mean, kNaN).unlike, 1);
  EXPECT_EQ(one(finite, Output::mean, kInfinity).unlike, 1);
  const Problem infinite = forward({1, kInfinity}, 0.25);
  EXPECT_EQ(one(infinite, Output::mean, kInfinity).off[0], 1);
  EXPECT_EQ(one(infinite, Output::mean, 1e30).unlike, 1);
  EXPECT_EQ(one(infinite, Output::y, kNaN).off[0], 2);
}

TEST(UlpHistogram, ExpandsToItself) {
  UlpHistogram ulps;
  EXPECT_EQ(CompactHistogram(ulps).expanded(), ulps);
  ulps.off[0] = 3;
  ulps.off[UlpHistogram::kBins - 1] = std::int64_t{1} << 40;
  ulps.unlike = 5;
  ulps.undecided = 7;
  EXPECT_EQ(CompactHistogram(ulps).expanded(), ulps);
  EXPECT_EQ(CompactHistogram(ulps).decided(), ulps.decided());
}

TEST(UlpHistogram, FollowsTheDeclaredConventions) {
  const Problem constant = forward({1, 1}, 0);
  EXPECT_EQ(one(constant, Output::y, kNaN).off[0], 2);
  EXPECT_EQ(one(constant, Output::y, 3).unlike, 2);
  Declaration zero;
  zero.zero_variance = ZeroVariance::zero;
  EXPECT_EQ(one(constant, Output::y, 3, zero).off[0], 2);
  EXPECT_EQ(one(constant, Output::y, 3 + 0x1p-22, zero).off[1], 2);

  const Problem single = forward({1}, 0.25);
  EXPECT_EQ(one(single, Output::running_var, kNaN).off[0], 1);
  Declaration keep;
  keep.single_value = SingleValue::keep;
  EXPECT_EQ(one(single, Output::running_var, 2, keep).off[0], 1);

  const Problem pair = forward({1, 2}, 0.25);  // variance 1/4, unbiased 1/2
  EXPECT_EQ(one(pair, Output::running_var, 1.25).off[0], 1);
  Declaration biased;
  biased.running_variance = RunningVariance::biased;
  EXPECT_EQ(one(pair, Output::running_var, 1.125, biased).off[0], 1);
}

}  // namespace
}  // namespace exactbn::ulp_histogram_test
