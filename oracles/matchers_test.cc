// SPDX-License-Identifier: Apache-2.0
#include "oracles/matchers.h"

#include <gmock/gmock.h>

#include "oracles/defects.h"
#include "oracles/subjects/double.h"
#include "reference/arrays.h"

namespace exactbn::matchers_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Two values per channel: y is -1 and 1, except for epsilon.
Problem two_values() {
  Problem problem;
  problem.epsilon = 0x1.4f8b58p-17;
  problem.inputs[Input::x] = tensor_of({2, 2}, std::vector<float>{1, -3, 2, 5});
  return problem;
}

OutputTensors right_outputs(const Problem& problem) {
  return DoubleSubject().answer({"", problem, {}}).outputs;
}

// GoogleTest's text after "Actual: ".
std::string explanation(const OutputTensors& outputs,
                        const testing::Matcher<OutputTensors>& matcher) {
  testing::StringMatchResultListener listener;
  EXPECT_FALSE(matcher.MatchAndExplain(outputs, &listener));
  return listener.str();
}

TEST(IsBatchNormOf, MatchesRightOutputs) {
  const Problem problem = two_values();
  EXPECT_THAT(right_outputs(problem), IsBatchNormOf(problem));
  EXPECT_THAT(right_outputs(problem),
              IsBatchNormOf(problem).at(Grade::correct));
}

// The kernel was given the same number, and takes it for the other weight.
TEST(IsBatchNormOf, FollowsTheConventionOfAFramework) {
  Problem problem = two_values();
  problem.momentum = 0.25;
  problem.inputs[Input::running_mean] =
      tensor_of({2}, std::vector<float>{8, -4});
  Problem other = problem;
  other.momentum = 0.75;
  OutputTensors keras = right_outputs(other);
  EXPECT_THAT(keras, IsBatchNormOf(problem).convention("keras"));
  EXPECT_THAT(keras, Not(IsBatchNormOf(problem)));
  EXPECT_THAT(keras, Not(IsBatchNormOf(problem).convention("pytorch")));
}

// A user sees this text first: change it with care.
TEST(IsBatchNormOf, ExplainsAMismatch) {
  const Problem problem = two_values();
  DefectSubject wrong(*find_defect("epsilon_outside_root"));
  const OutputTensors outputs = wrong.answer({"", problem, {}}).outputs;
  EXPECT_EQ(explanation(outputs, IsBatchNormOf(problem)), R"(which do not match:
  where  invstd[1]   shape 2x2  channel axis 1   eps 0x1.4f8b58p-17
  got    0x1.ffffacp-3   3e7fffd6   0.249999374
  want   0x1.fffff6p-3   3e7ffffb   0.249999925   correctly rounded
  error  -36.8 ulp   eta 18.1   limit 10.8 (sequential, m = 2)
  scope  1 of 1 values of channel 1; channel 0 clean
         the last channel
  looks like  sqrt(var) + epsilon
         epsilon_outside_root, bit for bit
)");
}

// The search for a defect would take minutes.
TEST(IsBatchNormOf, NamesNoDefectOfALargeProblem) {
  Problem problem = two_values();
  std::vector<float> x(8193, 1);
  x.resize(2 * x.size(), 9);
  problem.inputs[Input::x] = tensor_of({2, 8193}, x);
  DefectSubject wrong(*find_defect("epsilon_outside_root"));
  const OutputTensors outputs = wrong.answer({"", problem, {}}).outputs;
  EXPECT_THAT(explanation(outputs, IsBatchNormOf(problem)),
              AllOf(HasSubstr("where  invstd[0]"),
                    Not(HasSubstr("epsilon_outside_root"))));
}

TEST(IsBatchNormOf, ChecksTheRequiredGrade) {
  const Problem problem = two_values();
  OutputTensors outputs = right_outputs(problem);
  outputs.at(Output::y).set_bits(3, outputs.at(Output::y).bits(3) + 1);
  EXPECT_THAT(outputs, IsBatchNormOf(problem));
  EXPECT_THAT(explanation(outputs, IsBatchNormOf(problem).at(Grade::correct)),
              HasSubstr("required correct"));
}

TEST(IsBatchNormOf, DoesNotMatchIfOutputsAreAbsent) {
  const Problem problem = two_values();
  OutputTensors outputs = right_outputs(problem);
  outputs.erase(Output::mean);
  outputs.erase(Output::var);
  EXPECT_THAT(explanation(outputs, IsBatchNormOf(problem)),
              HasSubstr("no mean, no var"));
  EXPECT_THAT(outputs, IsBatchNormOf(problem).offering({Output::y}));
  EXPECT_THAT(outputs,
              Not(IsBatchNormOf(problem).offering({Output::y, Output::mean})));
  // Present outputs are judged whether or not they are offered.
  outputs.at(Output::invstd).set_bits(0, 0);
  EXPECT_THAT(
      explanation(outputs, IsBatchNormOf(problem).offering({Output::y})),
      HasSubstr("where  invstd[0]"));
}

TEST(IsBatchNormOf, UsesTheDeclaredConventions) {
  Problem problem = two_values();
  problem.momentum = 0.5;
  problem.inputs[Input::running_var] = tensor_of({2}, std::vector<float>{1, 1});
  OutputTensors outputs = right_outputs(problem);
  // Half of the biased variances, 1/4 and 16, plus half of 1.
  outputs.at(Output::running_var) =
      tensor_of({2}, std::vector<float>{0.625F, 8.5F});
  EXPECT_THAT(outputs, Not(IsBatchNormOf(problem)));
  Declaration declaration;
  declaration.running_variance = RunningVariance::biased;
  EXPECT_THAT(outputs, IsBatchNormOf(problem).declared(declaration));
}

TEST(IsBatchNormOf, ReportsOutputsThatCannotBeJudged) {
  const Problem problem = two_values();
  OutputTensors outputs = right_outputs(problem);
  outputs[Output::y] = Tensor(DType::f32, {4});
  EXPECT_THAT(explanation(outputs, IsBatchNormOf(problem)),
              HasSubstr("y has shape 4; expected 2x2"));
  outputs = right_outputs(problem);
  outputs[Output::dx] = Tensor(outputs.at(Output::y));
  EXPECT_THAT(explanation(outputs, IsBatchNormOf(problem)),
              HasSubstr("forward_training has no output dx; it has mean, var, "
                        "invstd, y"));
  EXPECT_THROW(mismatch({}, {}), std::exception);
}

// The mean is 2^40 deviations from 0, so no f32 result is meaningful.
TEST(IsBatchNormOf, DoesNotMatchUndecidedOutputs) {
  Problem problem = two_values();
  problem.inputs[Input::x] =
      tensor_of({2, 1}, std::vector<double>{0x1p40, 0x1p40 + 0x1p-5});
  Declaration declaration;
  declaration.accumulation = DType::f32;
  OutputTensors outputs = right_outputs(problem);
  outputs.at(Output::y).set_bits(0, round_to(0.25, DType::f64));
  const auto matcher = [&] {
    return IsBatchNormOf(problem)
        .declared(declaration)
        .allowing_short_accumulation();
  };
  EXPECT_THAT(explanation(outputs, matcher()), HasSubstr("y is undecided"));
  EXPECT_THAT(outputs, matcher().or_undecided());
  outputs.erase(Output::y);
  EXPECT_THAT(outputs, Not(matcher().or_undecided()));
}

TEST(IsBatchNormOf, DoesNotLetASubjectChooseItsTolerance) {
  const Problem problem = two_values();
  Declaration declaration;
  declaration.accumulation = DType::f16;
  OutputTensors outputs = right_outputs(problem);
  Tensor& y = outputs.at(Output::y);
  for (std::int64_t i = 0; i < y.size(); ++i) {
    y.set_bits(i, round_to(1.004 * y.value(i), y.dtype()));
  }
  EXPECT_THAT(
      explanation(outputs, IsBatchNormOf(problem).declared(declaration)),
      HasSubstr("the declared f16 is shorter than usual for x in f32; it "
                "does not count"));
  EXPECT_THAT(outputs, IsBatchNormOf(problem)
                           .declared(declaration)
                           .allowing_short_accumulation());
}

TEST(IsBatchNormOf, DescribesItselfInOneLine) {
  EXPECT_EQ(
      testing::DescribeMatcher<OutputTensors>(IsBatchNormOf(two_values())),
      "are the outputs of forward_training f32   shape 2x2  channel axis "
      "1   eps 0x1.4f8b58p-17, graded sequential or better");
}

}  // namespace
}  // namespace exactbn::matchers_test
