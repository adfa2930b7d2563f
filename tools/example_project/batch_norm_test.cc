// SPDX-License-Identifier: Apache-2.0
#include "batch_norm.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "oracles/matchers.h"
#include "properties/generators.h"
#include "reference/arrays.h"

namespace {

using exactbn::floats_of;
using exactbn::Grade;
using exactbn::Input;
using exactbn::IsBatchNormOf;
using exactbn::Operation;
using exactbn::Output;
using exactbn::OutputTensors;
using exactbn::Problem;
using exactbn::tensor_of;

std::vector<float> input(const Problem& problem, Input name) {
  const exactbn::Tensor* tensor = problem.find(name);
  return tensor ? floats_of(*tensor) : std::vector<float>();
}

// The kernel's answer to a problem.
OutputTensors answer(const Problem& problem) {
  const exactbn::ChannelView view = problem.view();
  const my::Layout layout = {view.outer, view.channels, view.inner};
  const std::vector<float> x = floats_of(problem.x());
  const std::vector<float> gamma = input(problem, Input::gamma);
  const std::vector<float> beta = input(problem, Input::beta);
  std::vector<float> values(x.size());
  std::vector<float> one(static_cast<std::size_t>(view.channels));
  std::vector<float> other = one;
  if (problem.operation == Operation::forward_training) {
    my::forward_training(layout, x, {gamma, beta}, problem.epsilon, values, one,
                         other);
    return {{Output::y, tensor_of(problem.x().shape(), values)},
            {Output::mean, tensor_of({view.channels}, one)},
            {Output::var, tensor_of({view.channels}, other)}};
  }
  my::backward_training(layout, x, input(problem, Input::dy), gamma,
                        problem.epsilon, values, one, other);
  return {{Output::dx, tensor_of(problem.x().shape(), values)},
          {Output::dgamma, tensor_of({view.channels}, one)},
          {Output::dbeta, tensor_of({view.channels}, other)}};
}

// The kernel sums in double, and has no invstd.
IsBatchNormOf is_batch_norm_of(const Problem& problem) {
  exactbn::Declaration declaration;
  declaration.accumulation = exactbn::DType::f64;
  declaration.outputs[Operation::forward_training] = {Output::y, Output::mean,
                                                      Output::var};
  return IsBatchNormOf(problem).declared(declaration).at(Grade::stable);
}

// The mean is a thousand deviations: E[x^2] - mean^2 has no correct digit in
// f32.
Problem far_mean(Operation operation) {
  const std::vector<float> x = {1000.1F, 1000.9F, 1002.3F, 1003.2F,  //
                                -7,      -5,      -3,      -1,       //
                                1001.7F, 1000.6F, 1003.8F, 1002.4F,  //
                                3,       -2,      4,       0.5};
  Problem problem;
  problem.operation = operation;
  problem.epsilon = 1e-5F;  // exactly a float
  problem.inputs[Input::x] = tensor_of({2, 2, 4}, x);
  problem.inputs[Input::gamma] = tensor_of({2}, std::vector<float>{1.5F, -2});
  return problem;
}

TEST(BatchNorm, NormalizesADistantMean) {
  const Problem problem = far_mean(Operation::forward_training);
  EXPECT_THAT(answer(problem), is_batch_norm_of(problem));
}

TEST(BatchNorm, HasTheGradientsOfADistantMean) {
  Problem problem = far_mean(Operation::backward_training);
  std::vector<float> dy(16, 0.25F);
  dy[3] = -1;
  problem.inputs[Input::dy] = tensor_of({2, 2, 4}, dy);
  EXPECT_THAT(answer(problem), is_batch_norm_of(problem));
}

// Draws problems that expose errors: any shape, any channel axis, channels that
// are constant, cancel, have subnormals or an outlier, or come near overflow.
RC_GTEST_PROP(BatchNorm, IsRightForDrawnProblems, ()) {
  exactbn::DrawOptions options;
  options.operations = {Operation::forward_training,
                        Operation::backward_training};
  options.dtypes = {exactbn::DType::f32};
  const Problem problem = *exactbn::problems(options);
  testing::StringMatchResultListener listener;
  const testing::Matcher<OutputTensors> matcher =
      is_batch_norm_of(problem).or_undecided();
  if (!matcher.MatchAndExplain(answer(problem), &listener)) {
    RC_FAIL(listener.str());
  }
}

}  // namespace
