// SPDX-License-Identifier: Apache-2.0
// A run whose stores truncate, in all its reports.
#include "tools/exactbn/run/roundings.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "reference/draw.h"
#include "reference/rounded.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/matrix.h"

namespace exactbn::roundings_test {
namespace {

using testing::HasSubstr;
using testing::Not;

// One case, with 32 values in each channel.
Case draw_case(std::int64_t channels, DType dtype) {
  Draw draw(1);
  Case c;
  c.id = "drawn";
  c.problem.operation = Operation::forward_inference;
  c.problem.epsilon = 0x1p-17;
  for (const Input name : inputs_of(c.problem.operation)) {
    const bool like_x = shaped_like_x(name);
    Tensor t(like_x ? dtype : DType::f32,
             like_x ? Shape{32, channels} : Shape{channels});
    for (std::int64_t i = 0; i < t.size(); ++i) {
      const double value = draw.normal();
      const bool positive = name == Input::running_var;
      t.set_bits(i, round_to(positive ? 1 + value * value : value, t.dtype()));
    }
    c.problem.inputs.emplace(name, std::move(t));
  }
  require_valid(c.problem);
  return c;
}

// y rounded toward zero.
Answer truncated(const Problem& problem) {
  const ExactBatchNorm exact(problem);
  Tensor y = rounded(exact, Output::y, problem.x().dtype());
  const Tensor wide = rounded(exact, Output::y, DType::f64);
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const bool is_away = std::fabs(y.value(i)) > std::fabs(wide.value(i));
    if (is_away) y.set_bits(i, y.bits(i) - 1);
  }
  Answer answer;
  answer.outputs.emplace(Output::y, std::move(y));
  return answer;
}

Answer right(const Problem& problem) {
  Answer answer;
  answer.outputs.emplace(Output::y, rounded(ExactBatchNorm(problem), Output::y,
                                            problem.x().dtype()));
  return answer;
}

class Roundings : public testing::Test {
 protected:
  Roundings() { run_.declaration.subject = "s"; }

  void add(const Case& question, const std::vector<Answer>& answers) {
    CaseRun result;
    result.question = &question;
    judge(run_, result, answers);
    run_.cases.push_back(std::move(result));
  }

  nlohmann::json in_json() const {
    const auto json = nlohmann::json::parse(json_report(run_));
    return json["outputs"]["y"]["rounding"]["bf16"];
  }

  exactbn::Run run_;
  Case bf16_ = draw_case(40, DType::bf16);
};

TEST_F(Roundings, ATruncatingStoreFailsAndIsNamed) {
  add(bf16_, {truncated(bf16_.problem)});
  const Summary summary = summarize(run_);
  EXPECT_EQ(summary.passed, 1);
  EXPECT_EQ(summary.roundings_failed, 1);
  EXPECT_EQ(exit_code(summary), 1);
  EXPECT_THAT(to_string(summary), HasSubstr("1 run, 1 passed, 0 failed"));
  const std::string text = text_report(run_, 20);
  EXPECT_THAT(text, HasSubstr("\nrounding   y bf16: toward zero ("));
  EXPECT_THAT(text, HasSubstr(" channels, mean 0.5 ulp toward zero) - failed"));
  EXPECT_EQ(in_json()["direction"], "toward_zero");
  EXPECT_EQ(in_json()["failed"], true);
  EXPECT_GT(in_json()["channels"], 32);
  EXPECT_NEAR(double{in_json()["mean_ulp_of_magnitude"]}, -0.5, 0.05);
  const exactbn::Run* const runs[] = {&run_};
  const std::string junit = junit_report(runs);
  EXPECT_THAT(junit, HasSubstr("tests=\"2\" failures=\"1\""));
  EXPECT_THAT(junit, HasSubstr("name=\"rounding.y.bf16\"><failure"));
  SubjectRun subject;
  subject.name = "s";
  subject.run = run_;
  EXPECT_EQ(exit_code(std::vector{subject, subject}), 1);
  EXPECT_THAT(matrix_text({subject, subject}),
              HasSubstr("s:\nrounding   y bf16: toward zero"));
}

TEST_F(Roundings, OneThatRoundsToNearestPasses) {
  add(bf16_, {right(bf16_.problem)});
  EXPECT_EQ(exit_code(summarize(run_)), 0);
  EXPECT_EQ(roundings_text(run_), "rounding   bf16: nearest in y\n");
  EXPECT_EQ(in_json()["direction"], "nearest");
  EXPECT_EQ(in_json()["evident"], 0);
}

TEST_F(Roundings, ADeclaredOnePasses) {
  run_.declaration.rounding = StoreRounding::toward_zero;
  add(bf16_, {truncated(bf16_.problem)});
  EXPECT_EQ(exit_code(summarize(run_)), 0);
  EXPECT_THAT(roundings_text(run_), HasSubstr("y bf16: toward zero"));
  EXPECT_THAT(roundings_text(run_), Not(HasSubstr("failed")));
  run_.declaration.rounding = StoreRounding::away;
  EXPECT_EQ(exit_code(summarize(run_)), 1);
}

TEST_F(Roundings, AnyRoundingPassesWhereAnyValueDoes) {
  run_.required = Grade::unstable;
  add(bf16_, {truncated(bf16_.problem)});
  EXPECT_EQ(exit_code(summarize(run_)), 0);
}

TEST_F(Roundings, CasesAddUp) {
  const Case half = draw_case(20, DType::bf16);
  add(half, {truncated(half.problem)});
  EXPECT_EQ(exit_code(summarize(run_)), 0);
  EXPECT_THAT(roundings_text(run_), HasSubstr("cannot be told ("));
  add(half, {truncated(half.problem)});
  EXPECT_EQ(exit_code(summarize(run_)), 1);
}

TEST_F(Roundings, OneThatDiffersFromCallToCallIsStochastic) {
  Answer mixed = truncated(bf16_.problem);
  Answer other = mixed;
  Tensor& y = other.outputs.at(Output::y);
  for (std::int64_t i = 0; i < y.size(); i += 3) {
    if (y.bits(i) != 0) y.set_bits(i, y.bits(i) + 1);
  }
  add(bf16_, {mixed, other});
  EXPECT_EQ(run_.cases.front().roundings.front().inconsistent, 1);
}

TEST_F(Roundings, TheWorkingFormatHasNone) {
  const Case f32 = draw_case(40, DType::f32);
  add(f32, {truncated(f32.problem)});
  EXPECT_EQ(roundings_text(run_), "");
  EXPECT_EQ(exit_code(summarize(run_)), 0);
  const auto json = nlohmann::json::parse(json_report(run_));
  EXPECT_FALSE(json["outputs"]["y"].contains("rounding"));
}

}  // namespace
}  // namespace exactbn::roundings_test
