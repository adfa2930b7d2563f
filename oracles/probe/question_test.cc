// SPDX-License-Identifier: Apache-2.0
#include "oracles/probe/question.h"

#include <gtest/gtest.h>

#include "oracles/subjects/double.h"

namespace exactbn::question_test {

using namespace probing;

namespace {

std::vector<Encoding> encodings() {
  std::vector<Encoding> all;
  for (int rank = 2; rank <= 5; ++rank) {
    for (int axis = 0; axis < rank; ++axis) {
      for (const bool spread : {false, true}) {
        all.push_back({DType::f32, DType::f32, rank, axis, spread});
      }
    }
  }
  return all;
}

// The values by channel, and the answer, do not depend on the encoding.
TEST(ProbeQuestion, EveryFormHoldsTheSameValues) {
  for (const Operation operation : kOperations) {
    const Question question = ordinary_question(operation);
    std::vector<double> x;
    for (const auto& column : question.x) {
      x.insert(x.end(), column.begin(), column.end());
    }
    std::vector<double> first;
    for (const Encoding& encoding : encodings()) {
      const Problem problem = problem_of(question, encoding);
      ASSERT_NO_THROW(require_valid(problem));
      EXPECT_EQ(static_cast<int>(problem.x().shape().size()), encoding.rank);
      EXPECT_EQ(problem.channel_axis, encoding.axis);
      Answer as_output;
      as_output.outputs[Output::y] = problem.x();
      Problem forward = problem;
      forward.operation = Operation::forward_inference;
      EXPECT_EQ(values_of(forward, as_output, Output::y), x);
      const auto all =
          all_values(problem, DoubleSubject().answer({"", problem, {}}));
      if (first.empty()) first = all;
      EXPECT_EQ(all, first) << to_string(encoding);
    }
  }
}

// Twelve values over four axes, three samples: two values fill only the first
// axis.
TEST(ProbeQuestion, SpreadsTheValuesOverTheAxes) {
  Encoding encoding = {DType::f32, DType::f32, 4, 1, true};
  const auto shape = [&](std::size_t m) {
    Question q;
    q.x = {std::vector<double>(m, 1)};
    return problem_of(q, encoding).x().shape();
  };
  EXPECT_EQ(shape(12), (Shape{3, 1, 2, 2}));
  EXPECT_EQ(shape(4), (Shape{2, 1, 1, 2}));
  EXPECT_EQ(shape(2), (Shape{2, 1, 1, 1}));
  encoding.spread = false;
  EXPECT_EQ(shape(12), (Shape{12, 1, 1, 1}));
}

TEST(ProbeQuestion, GivesTheParametersAndOmitsDirectionsOfThem) {
  Question q = ordinary_question(Operation::double_backward_training);
  const Problem problem = problem_of(q, {});
  EXPECT_EQ(problem.inputs.at(Input::gamma).value(1), -2);
  EXPECT_TRUE(problem.inputs.contains(Input::ddx));
  EXPECT_FALSE(problem.inputs.contains(Input::ddgamma));
  q.operation = Operation::forward_inference;
  q.running_var.clear();
  EXPECT_EQ(problem_of(q, {}).inputs.at(Input::running_var).value(2), 1);
}

TEST(ProbeQuestion, AnOutputOfAnotherShapeDoesNotCount) {
  const Problem problem =
      problem_of(ordinary_question(Operation::forward_training), {});
  Answer answer = DoubleSubject().answer({"", problem, {}});
  EXPECT_TRUE(values_of(problem, answer, Output::mean));
  answer.outputs[Output::mean] = Tensor(DType::f32, {2});
  EXPECT_FALSE(values_of(problem, answer, Output::mean));
  answer.kind = Answer::Kind::error;
  EXPECT_FALSE(values_of(problem, answer, Output::y));
}

TEST(ProbeQuestion, ExactValuesHaveBothVariances) {
  Question q;
  q.x = {{-1, 1}};
  q.momentum = 1;
  const Problem problem = problem_of(q, {});
  EXPECT_EQ(exact_values(problem, Output::running_var), std::vector{2.0});
  EXPECT_EQ(exact_values(problem, Output::running_var_biased),
            std::vector{1.0});
}

}  // namespace
}  // namespace exactbn::question_test
