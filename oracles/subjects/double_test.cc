// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/double.h"

#include <gmock/gmock.h>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>
#include <boost/multiprecision/eigen.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "oracles/zoo/textbook.h"
#include "reference/exact.h"
#include "reference/testing/any_problem.h"
#include "reference/testing/trials.h"

namespace exactbn::double_test {
namespace {

OutputTensors run(const Problem& problem) {
  require_valid(problem);
  return DoubleSubject().answer({"", problem, {}}).outputs;
}

std::vector<double> values(const Tensor& tensor) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < tensor.size(); ++i) v.push_back(tensor.value(i));
  return v;
}

// Every input that the operation accepts, between 1/2 and 3/2.
Problem draw(Operation operation, DType dtype, DType parameters, int axis) {
  std::mt19937_64 bits(static_cast<unsigned>(axis));
  const auto fill = [&](DType of, const Shape& shape) {
    Tensor tensor(of, shape);
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      const double unit = static_cast<double>(bits() >> 11) * 0x1p-53;
      tensor.set_bits(i, round_to(0.5 + unit, of));
    }
    return tensor;
  };
  Problem problem;
  problem.operation = operation;
  problem.channel_axis = axis;
  problem.epsilon = 0x1p-10;
  problem.momentum = 0.125;
  problem.inputs[Input::x] = fill(dtype, {2, 4, 3, 2});
  for (const Input name : inputs_of(operation)) {
    const DType of = shaped_like_x(name) ? dtype : parameters;
    problem.inputs[name] = fill(of, shape_of(problem, name));
  }
  return problem;
}

// x = {{-a}, {a}}, one channel of two values.
Problem forward(double a, double epsilon) {
  Problem problem;
  problem.epsilon = epsilon;
  problem.inputs[Input::x] =
      make_tensor(DType::f64, {2, 1}, std::vector{-a, a});
  return problem;
}

TEST(DoubleSubject, AgreesWithTheExactValuesOnEveryOperationFormatAndAxis) {
  for (const Operation operation : kOperations) {
    for (const DType dtype : kDTypes) {
      for (const DType parameters : {dtype, DType::f64}) {
        for (int axis = 0; axis < 4; ++axis) {
          const Problem problem = draw(operation, dtype, parameters, axis);
          const ExactBatchNorm exact(problem);
          const OutputTensors got = run(problem);
          ASSERT_EQ(got.size(), output_names(problem).size());
          for (const auto& [name, tensor] : got) {
            SCOPED_TRACE(to_string(operation));
            SCOPED_TRACE(to_string(name));
            ASSERT_EQ(tensor.dtype(), shaped_like_x(name) ? dtype : parameters);
            const Tensor want = exact.rounded(name, tensor.dtype());
            const double u = format(tensor.dtype()).unit_roundoff();
            EXPECT_THAT(values(tensor),
                        testing::Pointwise(testing::DoubleNear(u / 4 + 0x1p-45),
                                           values(want)));
          }
        }
      }
    }
  }
}

TEST(DoubleSubject, AbsentParametersAreOneAndZero) {
  Problem problem =
      draw(Operation::forward_training, DType::f32, DType::f32, 1);
  problem.inputs[Input::gamma] =
      make_tensor(DType::f32, {4}, std::vector{1., 1., 1., 1.});
  problem.inputs[Input::beta] = Tensor(DType::f32, {4});
  const OutputTensors with = run(problem);
  problem.inputs.erase(Input::gamma);
  problem.inputs.erase(Input::beta);
  problem.inputs.erase(Input::running_mean);
  const OutputTensors without = run(problem);
  EXPECT_EQ(with.at(Output::y), without.at(Output::y));
  EXPECT_EQ(with.at(Output::running_var), without.at(Output::running_var));
  EXPECT_FALSE(without.contains(Output::running_mean));
}

TEST(DoubleSubject, ParametersHaveTheFormatOfThoseThatAreThere) {
  Problem problem = forward(1, 0);
  problem.inputs[Input::x] = Tensor(DType::bf16, {2, 1});
  EXPECT_EQ(run(problem).at(Output::mean).dtype(), DType::f32);
  problem.inputs[Input::running_mean] = Tensor(DType::f64, {1});
  EXPECT_EQ(run(problem).at(Output::mean).dtype(), DType::f64);
  problem.inputs[Input::beta] = Tensor(DType::f16, {1});
  EXPECT_EQ(run(problem).at(Output::mean).dtype(), DType::f16);
}

TEST(DoubleSubject, NoMomentumIsTheCumulativeAverage) {
  Problem problem = forward(2, 0);
  problem.inputs[Input::running_mean] =
      make_tensor(DType::f64, {1}, std::vector{12.});
  problem.inputs[Input::running_var] =
      make_tensor(DType::f64, {1}, std::vector{2.});
  problem.batches_tracked = 2;
  const OutputTensors out = run(problem);
  EXPECT_EQ(out.at(Output::running_mean).value(0), 8);
  EXPECT_EQ(out.at(Output::running_var).value(0),
            4);  // unbiased: (2 x 2 + 8) / 3
}

TEST(DoubleSubject, ANonFiniteValueSpoilsItsChannelAlone) {
  Problem problem =
      draw(Operation::forward_training, DType::f32, DType::f32, 1);
  const Tensor clean = run(problem).at(Output::y);
  Tensor& x = problem.inputs[Input::x];
  x.set_bits(0, format(DType::f32).overflow());
  const Tensor y = run(problem).at(Output::y);
  for (std::int64_t i = 0; i < y.size(); ++i) {
    if (problem.view().channel(i) == 0) {
      EXPECT_TRUE(is_nan(y.bits(i), DType::f32)) << i;
    } else {
      EXPECT_EQ(y.bits(i), clean.bits(i)) << i;
    }
  }
}

TEST(DoubleSubject, InferenceTreatsEachElementAlone) {
  Problem problem =
      draw(Operation::forward_inference, DType::f32, DType::f32, 1);
  const Tensor clean = run(problem).at(Output::y);
  problem.inputs[Input::x].set_bits(0, format(DType::f32).overflow());
  const Tensor y = run(problem).at(Output::y);
  EXPECT_EQ(y.bits(0), format(DType::f32).overflow());
  for (std::int64_t i = 1; i < y.size(); ++i)
    EXPECT_EQ(y.bits(i), clean.bits(i));
}

TEST(DoubleSubject, ASingleValueHasNoUnbiasedVariance) {
  Problem problem = forward(1, 1);
  problem.inputs[Input::x] = Tensor(DType::f64, {1, 1});
  problem.inputs[Input::running_var] = Tensor(DType::f64, {1});
  const OutputTensors out = run(problem);
  EXPECT_TRUE(std::isnan(out.at(Output::running_var).value(0)));
  EXPECT_EQ(out.at(Output::var).value(0), 0);
}

TEST(DoubleSubject, NoIntermediateLeavesTheRange) {
  for (const double a : {0x1p-1074, 0x1.8p-1000, 0x1p-300, 0x1p-20, 0x1p300,
                         0x1.fffffffffffffp1023}) {
    const Problem problem = forward(a, 0);
    const OutputTensors out = run(problem);
    EXPECT_THAT(values(out.at(Output::y)), testing::ElementsAre(-1, 1)) << a;
    const ExactBatchNorm exact(problem);
    for (const auto& [name, tensor] : out) {
      EXPECT_EQ(tensor, exact.rounded(name, DType::f64)) << name << ' ' << a;
    }
  }
}

// Beyond the range of double the results have the bits of 53-bit arithmetic
// with an unlimited exponent, whichever arithmetic computes them.
TEST(DoubleSubject, HasTheBitsOfWideDoubles) {
  using WideDouble =
      boost::multiprecision::number<boost::multiprecision::cpp_bin_float<
                                        53, boost::multiprecision::digit_base_2,
                                        void, std::int32_t, -100'000, 100'000>,
                                    boost::multiprecision::et_off>;
  Draw draw(11);
  int infinite = 0;
  for (int trial = 0; trial < trials(2000); ++trial) {
    for (const Operation operation : kOperations) {
      Problem p = any_problem(draw, operation, DType::f64);
      for (auto& [name, tensor] : p.inputs) {
        if (draw.below(50) != 0) continue;
        const Format f = format(tensor.dtype());
        tensor.set_bits(0, draw.below(2) == 0 || name == Input::running_var
                               ? f.quiet_nan()
                               : f.overflow() | f.sign_bit());
      }
      const OutputTensors got = run(p);
      for (const auto& [name, expected] : textbook_tensors<WideDouble>(p)) {
        const Tensor& is = got.at(name);
        for (std::int64_t i = 0; i < is.size(); ++i) {
          const bool both_nan = is_nan(expected.bits(i), is.dtype()) &&
                                is_nan(is.bits(i), is.dtype());
          ASSERT_TRUE(both_nan || is.bits(i) == expected.bits(i))
              << trial << ' ' << to_string(operation) << ' ' << name << ": "
              << is << ", expected " << expected;
          infinite += is_infinite(is.bits(i), is.dtype()) ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(infinite, trials(500));
}

TEST(DoubleSubject, EpsilonStaysWhereSquaresOverflow) {
  Problem problem = forward(0, 0x1p-17);
  problem.inputs[Input::x] =
      make_tensor(DType::f64, {2, 1}, std::vector{0x1p1023, 0x1p1023});
  EXPECT_THAT(values(run(problem).at(Output::y)), testing::ElementsAre(0, 0));
}

// Gradients at the largest and smallest epsilon that double supports.
TEST(DoubleSubject, AcceptsAnyEpsilon) {
  for (const double a : {0x1p-256, 0x1p256}) {
    for (const double epsilon : {0x1p-1074, 0x1.fffffffffffffp1023}) {
      Problem problem = forward(a, epsilon);
      problem.operation = Operation::backward_training;
      problem.inputs[Input::x] =
          make_tensor(DType::f64, {3, 1}, std::vector{-a, 0., a});
      problem.inputs[Input::dy] =
          make_tensor(DType::f64, {3, 1}, std::vector{1 / a, 0., 0.});
      problem.inputs[Input::gamma] =
          make_tensor(DType::f64, {1}, std::vector{a});
      const ExactBatchNorm exact(problem);
      for (const auto& [name, tensor] : run(problem)) {
        for (std::int64_t i = 0; i < tensor.size(); ++i) {
          const double want = exact.rounded(name, DType::f64).value(i);
          EXPECT_NEAR(tensor.value(i), want, 16 * std::abs(want) * 0x1p-52)
              << name << ' ' << a << ' ' << epsilon;
        }
      }
    }
  }
}

// Powers of 2 are exact, so only exponents may differ: both number types round
// alike.
TEST(DoubleSubject, ScalingByAPowerOfTwoChangesNoBitOfY) {
  for (const Operation operation :
       {Operation::forward_training, Operation::backward_training}) {
    Problem problem = draw(operation, DType::f64, DType::f64, 1);
    const OutputTensors unscaled = run(problem);
    const Output name =
        unscaled.contains(Output::y) ? Output::y : Output::dgamma;
    for (const int k : {-500, -300, 300, 500}) {
      Problem scaled = problem;
      scaled.epsilon = std::ldexp(problem.epsilon, 2 * k);
      Tensor& x = scaled.inputs[Input::x];
      for (std::int64_t i = 0; i < x.size(); ++i) {
        x.set_bits(i, round_to(std::ldexp(x.value(i), k), DType::f64));
      }
      EXPECT_EQ(run(scaled).at(name), unscaled.at(name)) << k;
    }
  }
}

}  // namespace
}  // namespace exactbn::double_test
