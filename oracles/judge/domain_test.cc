// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/domain.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "oracles/check.h"
#include "oracles/subjects/double.h"

namespace exactbn::domain_test {
namespace {

Problem forward(DType dtype, const std::vector<double>& x) {
  Problem p;
  p.epsilon = 0;
  const auto m = static_cast<std::int64_t>(x.size());
  p.inputs[Input::x] = make_tensor(dtype, {m, 1}, x);
  return p;
}

Problem backward(DType dtype, const std::vector<double>& x,
                 const std::vector<double>& dy, double gamma) {
  Problem p = forward(dtype, x);
  p.operation = Operation::backward_training;
  const auto m = static_cast<std::int64_t>(x.size());
  p.inputs[Input::dy] = make_tensor(dtype, {m, 1}, dy);
  p.inputs[Input::gamma] = make_tensor(dtype, {1}, std::vector{gamma});
  return p;
}

std::string why(const Problem& problem, Output output,
                const Declaration& declaration = {}) {
  return why_extreme(Judge(problem, declaration), output, 0);
}

TEST(Domain, EndsWhereASumOverflows) {
  const auto at = [](int e) {
    return forward(DType::f32, {std::ldexp(1.0, e), 0, std::ldexp(1.0, e - 1)});
  };
  EXPECT_EQ(why(at(60), Output::y), "");
  EXPECT_EQ(why(at(64), Output::y), "the sum of x^2 overflows f32");
  EXPECT_EQ(why(at(64), Output::invstd), "the sum of x^2 overflows f32");
  EXPECT_EQ(why(at(64), Output::mean), "");
  EXPECT_EQ(why(at(124), Output::mean), "");
  EXPECT_EQ(why(at(127), Output::mean), "the sum of |x| overflows f32");
}

TEST(Domain, IsThatOfTheWorkingFormat) {
  const std::vector<double> x = {60000, -60000, 1};
  EXPECT_EQ(why(forward(DType::f16, x), Output::y), "");  // sums in f32
  Declaration in_f16;
  in_f16.accumulation = DType::f16;
  in_f16.allows_short_accumulation = true;
  EXPECT_EQ(why(forward(DType::f16, x), Output::y, in_f16),
            "the sum of |x| overflows f16");
  // Sums in f64, values in f32.
  Declaration in_f64;
  in_f64.accumulation = DType::f64;
  const Problem large = forward(DType::f32, {0x1p66, 0, 0x1p65});
  EXPECT_EQ(why(large, Output::var, in_f64), "");
  EXPECT_EQ(why(large, Output::y, in_f64), "var + epsilon overflows f32");
}

TEST(Domain, EndsWhereAFactorUnderflows) {
  const Problem small = forward(DType::f32, {0x1p-70, 0, 0x1p-69});
  EXPECT_EQ(why(small, Output::var), "");
  EXPECT_EQ(why(small, Output::y), "var + epsilon underflows f32");
  const Problem wide = backward(DType::f32, {0x1p50, 0, 0x1p49}, {1, 2, 4}, 1);
  EXPECT_EQ(why(wide, Output::dgamma), "");
  EXPECT_EQ(why(wide, Output::dx), "(var + epsilon)^(-3/2) underflows f32");
  EXPECT_EQ(why(wide, Output::dbeta), "");
}

// gamma dy is subnormal: its error matters if 1/sqrt(w) magnifies it.
TEST(Domain, AnUnderflowThatNothingMagnifiesIsHarmless) {
  const auto of_variance = [&](double variance) {
    Problem p = backward(DType::f32, {1, 2}, {0x1p-20, 0x1p-21}, 0x1p-120);
    p.operation = Operation::backward_inference;
    p.inputs[Input::running_mean] =
        make_tensor(DType::f32, {1}, std::vector{0.0});
    p.inputs[Input::running_var] =
        make_tensor(DType::f32, {1}, std::vector{variance});
    return p;
  };
  EXPECT_EQ(why(of_variance(64), Output::dx), "");
  EXPECT_EQ(why(of_variance(0x1p-20), Output::dx), "gamma dy underflows f32");
}

// As of a layer that has seen no batch: its mean is 0.
TEST(Domain, OfAFrozenMeanOfZeroIsThatOfX) {
  const auto at = [](double x) {
    Problem p = forward(DType::f32, {x, 0, 3 * x});
    p.operation = Operation::forward_inference;
    p.inputs[Input::running_mean] =
        make_tensor(DType::f32, {1}, std::vector{0.0});
    p.inputs[Input::running_var] =
        make_tensor(DType::f32, {1}, std::vector{0x1p-8});
    return p;
  };
  EXPECT_EQ(why(at(1), Output::y), "");
  EXPECT_EQ(why(at(0x1p-100), Output::y), "");
  EXPECT_EQ(why(at(0x1p-130), Output::y), "gamma (x - mean) underflows f32");
}

TEST(Domain, InfinitiesAndNanAreOrdinary) {
  EXPECT_EQ(why(forward(DType::f32, {INFINITY, 0x1p127, 0}), Output::y), "");
  EXPECT_EQ(why(forward(DType::f32, {NAN, 0x1p127, 0}), Output::mean), "");
}

// Of dx = a dy + b x + c: b is 0, but not where sum dy x - mean sum dy rounds.
TEST(Domain, EndsWhereTheErrorOfACoefficientOverflows) {
  Problem p = backward(DType::f32, {0x1p47, 0x1p47}, {0x1p44, 0x1.01p44}, 1);
  p.epsilon = 1e-5;
  EXPECT_EQ(why(p, Output::dx),
            "x times its coefficient, of dy, overflows f32");
  EXPECT_EQ(why(p, Output::dgamma), "");
  EXPECT_EQ(
      why(backward(DType::f32, {4101, 4102, 4103}, {0x1p84, 0, 1}, 0x1p38),
          Output::dx),
      "x times its coefficient, of dy, overflows f32");
}

// The mean rounds to one of both values: some algorithms then find no variance.
TEST(Domain, EndsWhereAVarianceThatIsLostOverflows) {
  const auto with_epsilon = [](double epsilon) {
    Problem p =
        backward(DType::f32, {0x1p54, 0x1.000002p54}, {-0x1p63, -0x1.8p63}, 2);
    p.epsilon = epsilon;
    return p;
  };
  EXPECT_EQ(why(with_epsilon(0x1p-100), Output::dx),
            "the sum of |dy xhat| overflows f32");
  EXPECT_EQ(why(with_epsilon(1), Output::dgamma), "");
}

// Channel 0 is ordinary, channel 1 is not.
class TwoChannels : public testing::Test {
 protected:
  TwoChannels() {
    case_.problem.epsilon = 0;
    case_.problem.inputs[Input::x] = make_tensor(
        DType::f32, {3, 2}, std::vector{1., 0x1p66, 2., 0x1p65, 5., 0.});
    answer_ = DoubleSubject().answer(case_);
  }

  CaseVerdict checked(const Declaration& declaration = {},
                      Filter filter = Filter::on) const {
    return check(case_, declaration, answer_, Grade::sequential, filter);
  }
  void spoil(std::int64_t i) {
    Tensor& y = answer_.outputs[Output::y];
    y.set_bits(i, format(DType::f32).quiet_nan());
  }
  static const OutputVerdict* y_of(const CaseVerdict& verdict) {
    for (const OutputVerdict& out : verdict.outputs) {
      if (out.output == Output::y) return &out;
    }
    return nullptr;
  }

  Case case_;
  Answer answer_;
};

TEST_F(TwoChannels, AWrongValueInTheExtremeOneIsBeyond) {
  EXPECT_EQ(checked().verdict, Verdict::passed);
  spoil(1);
  for (const Filter filter : {Filter::on, Filter::off}) {
    const CaseVerdict verdict = checked({}, filter);
    EXPECT_EQ(verdict.verdict, Verdict::beyond);
    const OutputVerdict* const y = y_of(verdict);
    ASSERT_NE(y, nullptr);
    EXPECT_EQ(y->failed_values, 0);
    EXPECT_LE(y->max_eta, 8);
    ASSERT_EQ(y->beyond.size(), 1u);
    EXPECT_EQ(y->beyond[0].failed_values, 1);
    EXPECT_EQ(y->beyond[0].worst.index, 1);
    EXPECT_EQ(y->why_beyond, "the sum of x^2 overflows f32");
  }
}

TEST_F(TwoChannels, AWrongValueInTheOrdinaryOneFails) {
  spoil(0);
  spoil(1);
  const CaseVerdict verdict = checked();
  EXPECT_EQ(verdict.verdict, Verdict::failed);
  const OutputVerdict* const y = y_of(verdict);
  ASSERT_NE(y, nullptr);
  EXPECT_EQ(y->failed_values, 1);
  EXPECT_EQ(y->worst.index, 0);
  EXPECT_EQ(y->beyond.size(), 1u);
}

TEST_F(TwoChannels, OnlyTheOrdinaryOneHasAGrade) {
  Declaration everywhere;
  everywhere.domain = Domain::all;
  const auto grade = [&](const Declaration& declaration) {
    return y_of(checked(declaration))->grade;
  };
  for (const std::int64_t i : {1, 0}) {
    Tensor& y = answer_.outputs[Output::y];
    const std::uint64_t right = y.bits(i);
    while (grade(everywhere) <= Grade::stable) y.set_bits(i, y.bits(i) + 1);
    EXPECT_EQ(grade(everywhere), Grade::sequential);
    EXPECT_EQ(checked().verdict, Verdict::passed);
    EXPECT_EQ(grade({}) == Grade::sequential, i == 0);
    y.set_bits(i, right);
  }
}

TEST_F(TwoChannels, EverythingCountsInTheDomainAll) {
  spoil(1);
  Declaration everywhere;
  everywhere.domain = Domain::all;
  EXPECT_EQ(checked(everywhere).verdict, Verdict::failed);
}

// The flushed input multiplies numbers of any size.
TEST(Domain, EndsWhereAFlushedInputIsSubnormal) {
  Declaration flushes;
  flushes.subnormals = Subnormals::flush;
  Problem p;
  p.operation = Operation::backward_inference;
  p.epsilon = 1;
  const std::vector<double> dy = {0x1p-127, 1};
  const std::vector<double> x = {64, 1};
  const std::vector<double> zero = {0};
  p.inputs[Input::x] = make_tensor(DType::f32, {2, 1}, x);
  p.inputs[Input::dy] = make_tensor(DType::f32, {2, 1}, dy);
  p.inputs[Input::running_mean] = make_tensor(DType::f32, {1}, zero);
  p.inputs[Input::running_var] = make_tensor(DType::f32, {1}, zero);
  const auto why = [&](const Declaration& declaration, Output output) {
    const Judge judge(p, declaration);
    return why_extreme(judge, output, 0);
  };
  EXPECT_EQ(why(flushes, Output::dgamma),
            "dy is subnormal in f32, and flushed");
  EXPECT_EQ(why(flushes, Output::dx), "dy is subnormal in f32, and flushed");
  EXPECT_EQ(why({}, Output::dgamma), "");
  const std::vector<double> normal = {0x1p-126, 1};
  p.inputs[Input::dy] = make_tensor(DType::f32, {2, 1}, normal);
  EXPECT_EQ(why(flushes, Output::dgamma), "");
}

}  // namespace
}  // namespace exactbn::domain_test
