// SPDX-License-Identifier: Apache-2.0
//
// Examples small enough to work by hand. Each comment derives the answer
// without the code under test.
#include <gtest/gtest.h>

#include <cmath>

#include "reference/exact.h"

namespace exactbn::worked_examples_test {
namespace {

Problem one_channel(Operation operation, DType dtype,
                    const std::vector<double>& x) {
  Problem p;
  p.operation = operation;
  p.inputs.emplace(
      Input::x,
      make_tensor(dtype, {static_cast<std::int64_t>(x.size()), 1}, x));
  return p;
}

class WorkedExample : public testing::TestWithParam<DType> {
 protected:
  void expect(const ExactBatchNorm& exact, Output output,
              const std::vector<double>& values) const {
    const Tensor tensor = exact.rounded(output, GetParam());
    ASSERT_EQ(tensor.size(), static_cast<std::int64_t>(values.size()));
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      const double value = values[static_cast<std::size_t>(i)];
      EXPECT_EQ(tensor.bits(i), round_to(value, GetParam()))
          << output << '[' << i << ']';
    }
  }
};

// [2, 4, 6, 8]: mean 5, deviations -3, -1, 1, 3, variance 20 / 4 = 5. With
// eps 0, gamma 2 and beta 1, y = 1 + 2 k / sqrt(5) where k is a deviation. y
// has 22 digits here; no value is near a tie of any format.
TEST_P(WorkedExample, FourEvenNumbers) {
  Problem p =
      one_channel(Operation::forward_training, GetParam(), {2, 4, 6, 8});
  p.inputs.emplace(Input::gamma, make_tensor(GetParam(), {1}, std::array{2.0}));
  p.inputs.emplace(Input::beta, make_tensor(GetParam(), {1}, std::array{1.0}));
  const ExactBatchNorm exact(p);
  expect(exact, Output::mean, {5});
  expect(exact, Output::var, {5});
  // 1 -+ 6 / sqrt(5), 1 -+ 2 / sqrt(5)
  expect(exact, Output::y,
         {-1.683281572999747635691, 0.1055728090000841214363,
          1.894427190999915878564, 3.683281572999747635691});
  expect(exact, Output::invstd, {0.4472135954999579392818});
}

// [1, 3]: mean 2, variance 1, xhat -1, 1. With dy = [1/2, -1/2]: dbeta 0,
// dgamma -1, and dx = dy - 0 - xhat (-1/2) = 0.
TEST_P(WorkedExample, TwoOddNumbersHaveNoGradient) {
  Problem p = one_channel(Operation::backward_training, GetParam(), {1, 3});
  p.inputs.emplace(Input::dy,
                   make_tensor(GetParam(), {2, 1}, std::array{0.5, -0.5}));
  const ExactBatchNorm exact(p);
  expect(exact, Output::dbeta, {0});
  expect(exact, Output::dgamma, {-1});
  EXPECT_EQ(sign(exact.at(Output::dx, 0).value), 0);
  EXPECT_EQ(sign(exact.at(Output::dx, 1).value), 0);
}

// [0, 1, 2, 5], eps 1/2: mean 2, variance 14/4, w 4. dy = [1, 0, 0, 1]:
// D1 2, T = sum dy (x - mean) = -2 + 3 = 1, and with gamma 8
// dx = 4 [dy - 1/2 - (x - 2)/16].
TEST_P(WorkedExample, RationalGradient) {
  Problem p =
      one_channel(Operation::backward_training, GetParam(), {0, 1, 2, 5});
  p.epsilon = 0.5;
  p.inputs.emplace(Input::dy,
                   make_tensor(GetParam(), {4, 1}, std::array{1., 0., 0., 1.}));
  p.inputs.emplace(Input::gamma, make_tensor(GetParam(), {1}, std::array{8.0}));
  const ExactBatchNorm exact(p);
  expect(exact, Output::dbeta, {2});
  expect(exact, Output::dgamma, {0.5});
  expect(exact, Output::dx, {2.5, -1.75, -2, 1.25});
}

// [0, 2], momentum 1/8, old mean 3 and variance 5. The batch variance is 1, or
// 2 unbiased.
TEST_P(WorkedExample, RunningStatistics) {
  Problem p = one_channel(Operation::forward_training, GetParam(), {0, 2});
  p.momentum = 0.125;
  p.inputs.emplace(Input::running_mean,
                   make_tensor(GetParam(), {1}, std::array{3.0}));
  p.inputs.emplace(Input::running_var,
                   make_tensor(GetParam(), {1}, std::array{5.0}));
  const ExactBatchNorm exact(p);
  expect(exact, Output::running_mean, {2.75});
  expect(exact, Output::running_var, {4.625});
  expect(exact, Output::running_var_biased, {4.5});
}

INSTANTIATE_TEST_SUITE_P(Formats, WorkedExample, testing::ValuesIn(kDTypes),
                         [](const auto& dtype) {
                           return std::string(format(dtype.param).name);
                         });

// Values on which f32 implementations have failed.
TEST(WorkedExamples, CancellingVariances) {
  struct Example {
    std::vector<double> x;
    double mean;
    double variance;
  };
  for (const Example& e : std::initializer_list<Example>{
           {{4096, 4097}, 4096.5, 0.25},
           {{16777214, 16777216}, 16777215, 1},
           {{2049, 2050, 2051}, 2050, static_cast<double>(2.0F / 3.0F)},
           {{1e7, 1e7 + 1}, 1e7, 0.25},  // 1e7 + 1/2 is a tie in f32
           {{0x1p27, 0x1p27 + 16}, 0x1p27, 64},
           {{3e38, 3e38}, 3e38, 0},
           {{1e-30, 3e-30}, 2e-30, 0},
       }) {
    const Problem p = one_channel(Operation::forward_training, DType::f32, e.x);
    const ExactBatchNorm exact(p);
    EXPECT_EQ(exact.rounded(Output::mean, DType::f32).bits(0),
              round_to(e.mean, DType::f32))
        << e.mean;
    EXPECT_EQ(exact.rounded(Output::var, DType::f32).bits(0),
              round_to(e.variance, DType::f32))
        << e.mean;
  }
}

}  // namespace
}  // namespace exactbn::worked_examples_test
