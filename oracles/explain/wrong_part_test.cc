// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain/wrong_part.h"

#include <gmock/gmock.h>

#include "oracles/check.h"
#include "oracles/defects.h"
#include "oracles/explain.h"
#include "reference/draw.h"
#include "reference/textbook/outputs.h"

namespace exactbn::wrong_part_test {
namespace {

using testing::StartsWith;

Problem draw_problem(Operation operation, const Shape& shape = {4, 2, 5},
                     DType dtype = DType::f32) {
  Draw draw(7);
  Problem p;
  p.operation = operation;
  p.epsilon = 0x1p-17;
  for (const Input name : inputs_of(operation)) {
    Tensor t(dtype, shaped_like_x(name) ? shape : Shape{shape[1]});
    for (std::int64_t i = 0; i < t.size(); ++i) {
      t.set_bits(i, round_to(0.5 + draw.normal(), dtype));
    }
    p.inputs.emplace(name, std::move(t));
  }
  require_valid(p);
  return p;
}

std::string wrong(const char* defect, Operation operation, Output output,
                  DType dtype = DType::f32) {
  const Problem p = draw_problem(operation, {4, 2, 5}, dtype);
  const Answer answer = defect_answers(*find_defect(defect), p).front();
  return wrong_part(p, output, answer.outputs.at(output), 1);
}

TEST(WrongPart, OfAForwardDerivative) {
  const auto of_y_dot = [](const char* defect, DType dtype = DType::f32) {
    return wrong(defect, Operation::jvp_training, Output::y_dot, dtype);
  };
  EXPECT_THAT(of_y_dot("direction_not_centred"),
              StartsWith("in y_dot the constant part, with mean(x_dot), is "
                         "already wrong: "));
  EXPECT_THAT(of_y_dot("variance_constant"),
              StartsWith("in y_dot the part along xhat, with mean(x_dot xhat), "
                         "is already wrong: "));
  const char* invstd =
      "in y_dot the factor of x_dot, gamma invstd, is already wrong: ";
  for (const DType dtype : {DType::f64, DType::f32}) {
    EXPECT_THAT(of_y_dot("variance_unbiased", dtype), StartsWith(invstd));
  }
}

TEST(WrongPart, OfADoubleBackward) {
  const auto of = [](const char* defect, Output output) {
    return wrong(defect, Operation::double_backward_training, output);
  };
  EXPECT_THAT(of("direction_not_centred", Output::grad_dy),
              StartsWith("in grad_dy the constant part, with mean(ddx),"));
  EXPECT_THAT(of("cross_term_of_u", Output::grad_x),
              StartsWith("in grad_x the factor of ddx, with mean(dy xhat),"));
  EXPECT_THAT(of("cross_term_of_dy", Output::grad_x),
              StartsWith("in grad_x the factor of dy, with mean(ddx xhat),"));
  for (const char* defect :
       {"cross_term_of_ddx", "fifth_power_once", "fifth_power_missing"}) {
    EXPECT_THAT(of(defect, Output::grad_x),
                StartsWith("in grad_x the part along xhat, with mean(ddx dy),"))
        << defect;
  }
}

// A right answer has the right factors, whether it is rounded or computed in
// f32.
TEST(WrongPart, IsEmptyForARightAnswer) {
  const auto operations = {Operation::jvp_training,
                           Operation::double_backward_training};
  for (const Operation operation : operations) {
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
      const Problem p = draw_problem(operation, {4, 2, 5}, dtype);
      const Outputs<float> all = Textbook<float>(p).outputs();
      for (const Output name : output_names(p)) {
        if (!shaped_like_x(name)) continue;
        const Tensor got =
            to_tensor(all.at(name), dtype, p.x().shape(), p.channel_axis);
        EXPECT_EQ(wrong_part(p, name, got, 0), "") << name;
        EXPECT_EQ(wrong_part(p, name, got, 1), "") << name;
      }
    }
  }
}

TEST(WrongPart, IsEmptyIfTheColumnsDoNotFit) {
  const Problem p = draw_problem(Operation::jvp_training);
  Tensor got(DType::f32, p.x().shape());
  Draw draw(3);
  for (std::int64_t i = 0; i < got.size(); ++i) {
    got.set_bits(i, round_to(draw.normal(), DType::f32));
  }
  EXPECT_EQ(wrong_part(p, Output::y_dot, got, 0), "");
  got.set_bits(0, format(DType::f32).quiet_nan());
  EXPECT_EQ(wrong_part(p, Output::y_dot, got, 0), "");
  // Three factors always fit four values.
  const Problem small = draw_problem(Operation::jvp_training, {4, 2});
  EXPECT_EQ(wrong_part(small, Output::y_dot,
                       Tensor(DType::f32, small.x().shape()), 0),
            "");
}

// A factor that is 0 by the formula has no ulp.
TEST(WrongPart, OfAFactorThatShouldBeZero) {
  Problem p = draw_problem(Operation::jvp_training);
  for (const Input name : {Input::gamma, Input::gamma_dot, Input::beta_dot}) {
    p.inputs[name] = Tensor(DType::f32, {2});
  }
  const Tensor got = p.inputs.at(Input::x_dot);
  EXPECT_EQ(wrong_part(p, Output::y_dot, got, 0),
            "in y_dot the factor of x_dot, gamma invstd, is already wrong: it "
            "should be 0");
}

TEST(WrongPart, IsReportedFirst) {
  const Case c = {"a", draw_problem(Operation::double_backward_training), {}};
  const Answer answer =
      defect_answers(*find_defect("direction_not_centred"), c.problem).front();
  const CaseVerdict verdict = check(c, {}, answer, Grade::sequential);
  const Explanation why = explain(c, {}, verdict, &answer, Grade::sequential);
  EXPECT_THAT(why.first,
              StartsWith("in grad_dy the constant part, with mean(ddx), is "));
  // Without the answer, only the outputs can be compared.
  EXPECT_THAT(explain(c, {}, verdict, nullptr, Grade::sequential).first,
              StartsWith("grad_dy is already wrong: "));
}

}  // namespace
}  // namespace exactbn::wrong_part_test
