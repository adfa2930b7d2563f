// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/infinities.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "oracles/judge.h"

namespace exactbn::infinities_test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Tensor column(const std::vector<double>& values) {
  return make_tensor(DType::f32, {std::ssize(values), 1}, values);
}

Tensor one(double value) {
  return make_tensor(DType::f32, {1}, std::vector{value});
}

Problem forward(const std::vector<double>& x) {
  Problem p;
  p.momentum = 0.25;
  p.epsilon = 1;
  p.inputs[Input::x] = column(x);
  return p;
}

Problem backward(const std::vector<double>& dy,
                 Operation operation = Operation::backward_training) {
  Problem p = forward(std::vector<double>{1, 3});
  p.operation = operation;
  p.inputs[Input::dy] = column(dy);
  if (operation == Operation::backward_inference) {
    p.inputs[Input::running_mean] = one(0);
    p.inputs[Input::running_var] = one(2);
  }
  return p;
}

Problem running(double old_mean, double old_var, double momentum = 0.25) {
  Problem p = forward({1, 3});
  p.momentum = momentum;
  p.inputs[Input::running_mean] = one(old_mean);
  p.inputs[Input::running_var] = one(old_var);
  return p;
}

bool passes(const Problem& p, Output output, double got) {
  const Declaration declaration;
  const Judge judge(p, declaration);
  return judge(output, 0, round_to(got, DType::f32), DType::f32).grade ==
         Grade::correct;
}

// Which of +infinity, -infinity and NaN pass: "+-n".
std::string permitted(const Problem& p, Output output) {
  return std::string(passes(p, output, kInf) ? "+" : "") +
         (passes(p, output, -kInf) ? "-" : "") +
         (passes(p, output, kNan) ? "n" : "");
}

TEST(Infinities, OfASumHaveTheSignOfItsInfinities) {
  EXPECT_EQ(permitted(forward({kInf, 3}), Output::mean), "+n");
  EXPECT_EQ(permitted(forward({-kInf, 3}), Output::mean), "-n");
  EXPECT_EQ(permitted(forward({-kInf, kInf}), Output::mean), "n");
  EXPECT_EQ(permitted(forward({kInf, kNan}), Output::mean), "n");
  EXPECT_EQ(permitted(backward({kInf, 1}), Output::dbeta), "+n");
  EXPECT_EQ(permitted(backward({kNan, kInf}), Output::dbeta), "n");
}

TEST(Infinities, OfARunningStatisticHaveTheSignOfTheOldOne) {
  EXPECT_EQ(permitted(running(kInf, 1), Output::running_mean), "+n");
  EXPECT_EQ(permitted(running(-kInf, 1), Output::running_mean), "-n");
  EXPECT_EQ(permitted(running(kNan, 1), Output::running_mean), "n");
  EXPECT_EQ(permitted(running(0, kInf), Output::running_var), "+n");
  EXPECT_EQ(permitted(running(0, kInf, 2), Output::running_var), "-n");
  EXPECT_EQ(permitted(running(0, kNan), Output::running_var), "n");
  Problem both = running(kInf, 1);
  both.inputs[Input::x] = column({-kInf, 3});
  EXPECT_EQ(permitted(both, Output::running_mean), "n");
  both.inputs[Input::running_mean] = one(5);
  EXPECT_EQ(permitted(both, Output::running_mean), "-n");
}

TEST(Infinities, OfAGradientHaveEitherSignUnlessAnInputIsNan) {
  EXPECT_EQ(permitted(backward({kInf, 1}), Output::dx), "+-n");
  EXPECT_EQ(permitted(backward({kInf, 1}), Output::dgamma), "+-n");
  EXPECT_EQ(permitted(backward({kNan, 1}), Output::dx), "n");
  Problem p = backward({1, 2});
  p.inputs[Input::gamma] = one(kNan);
  EXPECT_EQ(permitted(p, Output::dx), "n");
}

TEST(Infinities, OverARootOfZeroHaveTheSignOfTheNumerator) {
  Problem p = backward({-3, 1}, Operation::backward_inference);
  p.epsilon = 0;
  p.inputs[Input::running_var] = one(0);
  EXPECT_EQ(permitted(p, Output::dx), "-n");
  p.inputs[Input::gamma] = one(-2);
  EXPECT_EQ(permitted(p, Output::dx), "+n");
  p.operation = Operation::forward_inference;
  p.inputs.erase(Input::dy);
  EXPECT_EQ(permitted(p, Output::y), "-n");
}

}  // namespace
}  // namespace exactbn::infinities_test
