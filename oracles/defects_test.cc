// SPDX-License-Identifier: Apache-2.0
#include "oracles/defects.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "oracles/check.h"
#include "oracles/defects/truth.h"
#include "oracles/subjects/double.h"
#include "reference/draw.h"

namespace exactbn::defects_test {
namespace {

const Defect& defect(std::string_view name) {
  const Defect* found = find_defect(name);
  EXPECT_TRUE(found) << name;
  return *found;
}

// One channel, gamma 2 and beta 1; epsilon 0.
Problem channel(DType dtype, const std::vector<double>& x) {
  const auto m = static_cast<std::int64_t>(x.size());
  Problem p;
  p.inputs[Input::x] = make_tensor(dtype, {m, 1}, x);
  p.inputs[Input::gamma] = make_tensor(DType::f32, {1}, std::vector{2.});
  p.inputs[Input::beta] = make_tensor(DType::f32, {1}, std::vector{1.});
  return p;
}

Problem with_running(Problem p, double mean, double var) {
  p.inputs[Input::running_mean] =
      make_tensor(DType::f32, {1}, std::vector{mean});
  p.inputs[Input::running_var] = make_tensor(DType::f32, {1}, std::vector{var});
  return p;
}

// The first value of an output of the first answer.
double first(std::string_view name, const Problem& p, Output output) {
  return defect_answers(defect(name), p).front().outputs.at(output).value(0);
}

double variance(std::string_view name, const std::vector<double>& x,
                DType dtype = DType::f32) {
  return first(name, channel(dtype, x), Output::var);
}

TEST(Defects, HaveUniqueNamesAndDescriptions) {
  std::set<std::string_view> names;
  for (const Defect& d : defects()) {
    EXPECT_TRUE(names.insert(d.name).second) << d.name;
    EXPECT_EQ(d.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              std::string_view::npos)
        << d.name;
    EXPECT_FALSE(d.what.empty() || d.family.empty()) << d.name;
    EXPECT_EQ(find_defect(d.name), &d);
  }
  EXPECT_GE(defects().size(), 50u);
  EXPECT_EQ(find_defect("none"), nullptr);
}

TEST(Defects, ArithmeticAnswersForEachOrderAndAlgebraOnce) {
  const Problem p = channel(DType::f32, {1, 2, 4});
  EXPECT_EQ(defect_answers(defect("variance_one_pass"), p).size(), 4u);
  EXPECT_EQ(defect_answers(defect("epsilon_missing"), p).size(), 1u);
}

// ---- The numbers of the bug reports.

TEST(Defects, OnePassVariance) {
  EXPECT_EQ(variance("variance_one_pass", {4096, 4097}), 0);
  EXPECT_EQ(variance("variance_one_pass", {2049, 2050, 2051}), 0.5);
  EXPECT_EQ(variance("variance_one_pass", {16777214, 16777216}), 0);
  EXPECT_EQ(variance("variance_one_pass", {1e7, 1e7 + 1}), 0x1p23);
  const std::vector<double> constant(9, double{1000.1F});
  EXPECT_EQ(variance("variance_one_pass", constant), -0.1875);
  EXPECT_EQ(variance("variance_one_pass_clamped", constant), 0);
  EXPECT_TRUE(std::isnan(variance("variance_one_pass", {3e38, 3e38})));
}

TEST(Defects, MeanRoundedBeforeItIsSubtracted) {
  EXPECT_EQ(variance("mean_rounded", {1e7, 1e7 + 1}), 0.5);
  EXPECT_EQ(variance("mean_rounded", {0x1p27, 0x1p27 + 16}), 128);
}

TEST(Defects, ALongSumStalls) {
  const std::vector<double> ones(70'000, 1);
  const float stalled = 2048.0F / 70'000.0F;
  EXPECT_EQ(
      first("sums_in_format_of_x", channel(DType::f16, ones), Output::mean),
      double{stalled});
  std::vector<double> pairs;
  while (pairs.size() < 1 << 17) pairs.insert(pairs.end(), {1, 1 + 0x1p-8});
  const Problem p = channel(DType::f32, pairs);
  const auto answers = defect_answers(defect("sum_stalls"), p);
  EXPECT_NEAR(answers[0].outputs.at(Output::mean).value(0), 1 + 0x1p-10,
              0x1p-18);
  EXPECT_EQ(answers[2].outputs.at(Output::mean).value(0), 1 + 0x1p-9);
}

TEST(Defects, FoldedAffineLosesSmallDifferences) {
  Problem p = with_running(channel(DType::f32, {1e6 + 0x1p-4}), 1e6, 1e-6);
  p.operation = Operation::forward_inference;
  p.epsilon = double{1e-5F};
  EXPECT_NEAR(first("beta_ignored", p, Output::y), 2 * 18.84, 0.01);
  EXPECT_NE(first("affine_folded", p, Output::y),
            first("beta_ignored", p, Output::y));
}

TEST(Defects, ShortFormatsOverflow) {
  EXPECT_EQ(variance("squares_in_format_of_x", {300, -300}, DType::f16),
            HUGE_VAL);
  EXPECT_EQ(variance("squares_leave_range", {1e38, -3e38}), HUGE_VAL);
  EXPECT_EQ(variance("squares_leave_range", {1e-30, 3e-30}), 0);
  std::vector<double> many(2049, 1);
  many.front() = 2;
  EXPECT_NEAR(
      first("count_in_format_of_x", channel(DType::f16, many), Output::mean),
      2050. / 2048, 1e-7);
}

TEST(Defects, RunningStatistics) {
  Problem p = with_running(channel(DType::f32, {0, 2}), 8, 4);
  p.momentum = 0.125;
  const auto running = [&](const char* name, Output output) {
    return first(name, p, output);
  };
  EXPECT_EQ(running("gamma_ignored", Output::running_var), 3.75);
  EXPECT_EQ(running("running_variance_biased", Output::running_var), 3.625);
  EXPECT_EQ(running("momentum_on_wrong_side", Output::running_mean), 1.875);
  EXPECT_EQ(running("running_never_updated", Output::running_mean), 8);
  EXPECT_EQ(running("running_replaced", Output::running_var), 2);
  EXPECT_EQ(running("running_mean_and_variance_swapped", Output::running_mean),
            3.75);
  p.momentum = std::nullopt;
  p.batches_tracked = 3;
  EXPECT_EQ(running("gamma_ignored", Output::running_mean), 6.25);
  EXPECT_NE(running("cumulative_average_lost", Output::running_mean), 6.25);

  Problem constant = with_running(channel(DType::f32, {3, 3}), 1, 1);
  constant.momentum = 1;
  constant.epsilon = 1;
  EXPECT_EQ(first("gamma_ignored", constant, Output::running_var), 0);
  EXPECT_EQ(
      first("running_variance_holds_epsilon", constant, Output::running_var),
      1);
}

TEST(Defects, Epsilon) {
  Problem p = channel(DType::f32, {1e-4, -1e-4});
  p.epsilon = double{1e-5F};
  EXPECT_NEAR(first("gamma_ignored", p, Output::invstd), 316.1, 0.1);
  EXPECT_NEAR(first("epsilon_missing", p, Output::invstd), 1e4, 1);
  EXPECT_NEAR(first("epsilon_outside_root", p, Output::invstd), 9091, 1);
  p.epsilon = double{1e-8F};
  EXPECT_NEAR(first("epsilon_clamped", p, Output::invstd), 316.1, 0.1);
}

TEST(Defects, OfStateShowAtTheSecondCall) {
  Problem p = channel(DType::f32, {1, 2, 4});
  p.operation = Operation::backward_training;
  p.inputs.erase(Input::beta);
  p.inputs[Input::dy] =
      make_tensor(DType::f32, {3, 1}, std::vector{1., -3., 4.});
  DefectSubject subject(defect("gradients_accumulate"));
  EXPECT_EQ(subject.answer({"", p, {}}).outputs.at(Output::dbeta).value(0), 2);
  EXPECT_EQ(subject.answer({"", p, {}}).outputs.at(Output::dbeta).value(0), 4);
  EXPECT_EQ(first("gradients_accumulate", p, Output::dbeta), 4);
}

// ---- All defects.

// A case with everything that a model may need: three channels, an odd number
// of rows, and ordinary values.
Case benign(Operation operation, DType dtype) {
  Draw draw(4);
  Problem p;
  p.operation = operation;
  p.epsilon = double{1e-5F};
  if (operation == Operation::forward_training) p.momentum = 0.125;
  const auto fill = [&](DType of, const Shape& shape, bool positive) {
    Tensor tensor(of, shape);
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      const double value = 1.5 + draw.normal();
      tensor.set_bits(i, round_to(positive ? std::exp(value) : value, of));
    }
    return tensor;
  };
  for (const Input name : inputs_of(operation)) {
    const bool like_x = shaped_like_x(name);
    p.inputs.emplace(name, fill(like_x ? dtype : DType::f32,
                                like_x ? Shape{3, 3, 5} : Shape{3},
                                name == Input::running_var));
  }
  return {"benign", p, {}};
}

TEST(Defects, AnEmptyModelIsRight) {
  DoubleSubject sound;
  for (const Operation operation : kOperations) {
    for (const DType dtype : {DType::f64, DType::f32, DType::f16}) {
      const Case c = benign(operation, dtype);
      Memory memory;
      const OutputTensors right =
          answer_of({}, c.problem, Order::forward, memory);
      Answer answer;
      answer.outputs = right;
      EXPECT_EQ(check(c, {}, answer, Grade::faithful).verdict, Verdict::passed)
          << to_string(operation);
      if (dtype != DType::f64) {
        EXPECT_EQ(right, sound.answer(c).outputs) << to_string(operation);
      }
    }
  }
}

// Kill gives the verdict of check; and outputs that a model does not touch stay
// right bit for bit.
TEST(Defects, KillAgreesWithCheck) {
  for (const Operation operation : kOperations) {
    for (const DType dtype : {DType::f32, DType::f16}) {
      const Case c = benign(operation, dtype);
      const Kill kills(c);
      for (const Defect& d : defects()) {
        DefectSubject subject(d);
        const Answer answer = subject.answer(c);
        const Verdict verdict =
            check(c, subject.declaration(), answer, Grade::sequential).verdict;
        EXPECT_EQ(kills(answer), verdict == Verdict::failed)
            << d.name << ' ' << to_string(operation);
      }
    }
  }
}

// The benign cases lack the conditions under which these defects show.
TEST(Defects, AgreeWithTheTruthWhereTheyDoNotApply) {
  for (const Operation operation : kOperations) {
    const Case c = benign(operation, DType::f32);
    const Kill kills(c);
    for (const char* name : {"variance_one_pass",
                             "mean_rounded",
                             "sum_stalls",
                             "squares_leave_range",
                             "squares_in_format_of_x",
                             "sums_in_format_of_x",
                             "parameters_in_format_of_x",
                             "gradient_sums_in_format_of_x",
                             "sum_tail_of_64",
                             "sum_tail_of_1024",
                             "gradient_tail_of_256",
                             "unwritten_tail_of_64",
                             "channels_wrap_at_64",
                             "channels_beyond_1024",
                             "channel_tail_of_4",
                             "sums_of_1024_values",
                             "momentum_zero_is_default",
                             "cumulative_average_lost",
                             "unbiased_of_one_is_zero",
                             "running_update_needs_both",
                             "epsilon_clamped",
                             "epsilon_always_default",
                             "epsilon_zero_is_default",
                             "absent_gamma_is_zero",
                             "absent_beta_is_one",
                             "gamma_zero_is_default",
                             "gamma_first_in_forward",
                             "gamma_first_in_backward",
                             "invstd_cubed_leaves_range",
                             "subnormal_results_flushed",
                             "overflow_saturates",
                             "nan_leaks",
                             "nan_becomes_zero",
                             "gradients_accumulate",
                             "running_statistics_poisoned",
                             "channels_second_assumed"}) {
      DefectSubject subject(defect(name));
      EXPECT_FALSE(kills(subject.answer(c)))
          << name << ' ' << to_string(operation);
    }
  }
}

}  // namespace
}  // namespace exactbn::defects_test
