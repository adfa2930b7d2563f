// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/prove.h"

#include <gtest/gtest.h>

#include <cmath>

#include "golden/corpus.h"
#include "golden/export.h"
#include "oracles/judge.h"

namespace exactbn::prove_test {
namespace {

Problem problem(std::vector<double> x, double epsilon) {
  Problem p;
  p.epsilon = epsilon;
  p.inputs[Input::x] = make_tensor(DType::f32, {std::ssize(x), 1}, x);
  return p;
}

Tensor one(double value) {
  return make_tensor(DType::f32, {1}, std::vector{value});
}

Vector proof_of(Problem p) {
  return exactbn::prove({"a", std::move(p), {}}, "A question.");
}

const std::vector<Vector>& all() {
  static const std::vector<Vector> vectors = prove_each(corpus());
  return vectors;
}

// size 2^-64 ulp of the rounded value; exactly representable.
Dyadic size_of(std::uint64_t size, std::uint64_t rounded, DType dtype) {
  const Dyadic ulp = decode(magnitude(rounded, dtype) + 1, dtype) -
                     decode(magnitude(rounded, dtype), dtype);
  return {Integer(size) * ulp.n, ulp.e - 64};
}

TEST(Prove, GivesTheFractionsOfAWorkedExample) {
  const Vector v = proof_of(problem({1, 3, 1, 3}, 3));
  const ExpectedOutput& y = v.expected.outputs.at(Output::y);
  EXPECT_EQ(y.exact, (std::vector<std::string>{"-1/2", "1/2", "-1/2", "1/2"}));
  EXPECT_EQ(y.values.value(1), 0.5);
  EXPECT_EQ(v.expected.outputs.at(Output::invstd).exact.front(), "1/2");
  EXPECT_EQ(y.eta_limit, 12);  // 8 + 2 sqrt(4)
  EXPECT_TRUE(v.variations.empty());
}

// 1/3 is 0x3eaaaaab minus a third of an ulp; the mean of 1 and 1 + ulp is a
// tie.
TEST(Prove, GivesTheResidualOfRounding) {
  const Vector third = proof_of(problem({0, 0, 1}, 1));
  const ExpectedOutput& mean = third.expected.outputs.at(Output::mean);
  EXPECT_EQ(mean.values.bits(0), 0x3eaaaaabu);
  EXPECT_EQ(mean.residuals.front(), (Residual{true, 0x5555555555555555}));
  EXPECT_EQ(mean.exact.front(), "1/3");
  const Vector tie = proof_of(problem({1, 1 + 0x1p-23}, 1));
  EXPECT_EQ(tie.expected.outputs.at(Output::mean).residuals.front(),
            (Residual{false, std::uint64_t{1} << 63}));
}

TEST(Prove, EnclosesEveryExactValue) {
  for (const Vector& v : all()) {
    if (!v.expected.reject.empty()) continue;
    const ExactBatchNorm exact(v.question.problem);
    for (const auto& [name, output] : v.expected.outputs) {
      const DType dtype = output.values.dtype();
      for (std::int64_t i = 0; i < output.values.size(); ++i) {
        const std::uint64_t bits = output.values.bits(i);
        const Exact value = exact.at(name, i);
        if (value.kind != Exact::Kind::number || !is_finite(bits, dtype)) {
          continue;
        }
        const Residual r = output.residuals[static_cast<std::size_t>(i)];
        const Dyadic low = size_of(r.size, bits, dtype);
        const Dyadic high = low + size_of(1, bits, dtype);
        const Dyadic rounded = decode(bits, dtype);
        const int side = r.negative ? -1 : 1;
        const auto beyond = [&](const Dyadic& size) {
          return compare(value.value,
                         r.negative ? rounded - size : rounded + size) *
                 side;
        };
        ASSERT_GE(beyond(low), 0) << v.question.id << ' ' << name << i;
        ASSERT_LT(beyond(high), 0) << v.question.id << ' ' << name << i;
      }
    }
  }
}

// |got - exact| < ulp, or <= ulp / 2 + eta_limit unit, as a reader would write
// it.
bool passes(const ExpectedOutput& output, std::int64_t i, std::uint64_t got) {
  const DType dtype = output.values.dtype();
  const auto at = static_cast<std::size_t>(i);
  const std::uint64_t want = output.values.bits(i);
  const double ulp = to_double(magnitude(want, dtype) + 1, dtype) -
                     to_double(magnitude(want, dtype), dtype);
  const Residual r = output.residuals[at];
  const double part =
      std::ldexp(static_cast<double>(r.size), -64) * (r.negative ? -1 : 1);
  const double error =
      std::fabs((to_double(got, dtype) - to_double(want, dtype)) / ulp - part);
  return error < 1 ||
         error <= 0.5 + output.eta_limit * (output.units[at] / ulp);
}

// The value was rounded up to a power of 2: the exact value's ulp is half as
// large.
bool is_below_a_binade(const ExpectedOutput& output) {
  const DType dtype = output.values.dtype();
  const std::uint64_t want = output.values.bits(0);
  const int mantissa = format(dtype).precision - 1;
  return (want & ((std::uint64_t{1} << mantissa) - 1)) == 0 &&
         output.residuals[0].negative != is_negative(want, dtype);
}

// The reader's line and the judge agree on values from half an ulp to a hundred
// times the limit, except close to the limit.
TEST(Prove, LetsAReaderJudgeInOneLine) {
  int passed = 0;
  int failed = 0;
  for (const Vector& v : all()) {
    if (!v.expected.reject.empty()) continue;
    const Declaration declaration;
    const Judge judge(v.question.problem, declaration);
    for (const auto& [name, output] : v.expected.outputs) {
      const DType dtype = output.values.dtype();
      const std::uint64_t want = output.values.bits(0);
      if (output.judged[0] != Judged::value || magnitude(want, dtype) == 0 ||
          output.units[0] < 0x1p-1000 || is_below_a_binade(output)) {
        continue;
      }
      for (const double part : {0.0, 0.5, 0.97, 1.06, 1.5, 100.0}) {
        const double value =
            to_double(want, dtype) + part * output.eta_limit * output.units[0];
        const std::uint64_t got = round_to(value, dtype);
        if (!is_finite(got, dtype) || got == want) continue;
        const Judgement j = judge(name, 0, got, dtype);
        // Too close to the limit: the unit is rounded.
        if (std::fabs(j.eta / output.eta_limit - 1) < 0.02) continue;
        const bool good = j.grade <= Grade::sequential;
        EXPECT_EQ(passes(output, 0, got), good)
            << v.question.id << ' ' << name << ' ' << part << ' ' << j.eta;
        ++(good ? passed : failed);
      }
    }
  }
  EXPECT_GT(passed, 1000);
  EXPECT_GT(failed, 1000);
}

TEST(Prove, GivesTheVariationsOfConventions) {
  Problem constant = problem({3, 3}, 0);
  constant.inputs[Input::beta] = one(7);
  const Vector zero = proof_of(constant);
  const ExpectedOutput& nan = zero.expected.outputs.at(Output::y);
  EXPECT_TRUE(std::isnan(nan.values.value(0)));
  EXPECT_EQ(nan.judged.front(), Judged::same);
  const Expected& other = zero.variations.at("zero_for_zero_variance");
  EXPECT_EQ(other.outputs.at(Output::y).values.value(0), 7);
  EXPECT_EQ(other.outputs.at(Output::invstd).values.value(0), 0);
  EXPECT_FALSE(other.outputs.contains(Output::mean));

  // Three times 0.1 is not exact in f32, so no rounded sum counts as wrong.
  const Vector rounded = proof_of(problem({0.1, 0.1, 0.1}, 0));
  EXPECT_EQ(rounded.expected.outputs.at(Output::y).judged.front(),
            Judged::undecided);

  Problem single = problem({3}, 1);
  single.momentum = 1;
  single.inputs[Input::running_var] = one(5);
  const Vector m1 = proof_of(single);
  EXPECT_TRUE(
      std::isnan(m1.expected.outputs.at(Output::running_var).values.value(0)));
  const auto variation = [&](const char* name) {
    return m1.variations.at(name)
        .outputs.at(Output::running_var)
        .values.value(0);
  };
  EXPECT_EQ(variation("keep_single_value"), 5);
  EXPECT_EQ(variation("biased_running_variance"), 0);
  EXPECT_FALSE(m1.variations.at("reject_single_value").reject.empty());

  const Vector pair = proof_of([] {
    Problem p = problem({0, 2}, 1);
    p.momentum = 1;
    p.inputs[Input::running_var] = one(5);
    return p;
  }());
  EXPECT_EQ(pair.expected.outputs.at(Output::running_var).values.value(0), 2);
  EXPECT_EQ(pair.variations.at("biased_running_variance")
                .outputs.at(Output::running_var)
                .values.value(0),
            1);
}

TEST(Prove, FlushesInputsAndResults) {
  const double tiny = 0x1p-140;
  Problem p = problem({tiny, -tiny}, 1);
  p.inputs[Input::gamma] = one(0x1p126);
  const Vector v = proof_of(p);
  EXPECT_EQ(v.expected.outputs.at(Output::y).exact.front(), "");
  EXPECT_NE(v.expected.outputs.at(Output::y).values.value(0), 0);
  const Expected& flushed = v.variations.at("flushed_subnormals");
  EXPECT_EQ(flushed.outputs.at(Output::y).values.value(0), 0);
  // Only the result is subnormal.
  p = problem({1, -1}, 0);
  p.inputs[Input::gamma] = one(0x1p-126);
  p.inputs[Input::beta] = one(-0x1.8p-126);
  const Vector result = proof_of(p);
  EXPECT_EQ(result.expected.outputs.at(Output::y).values.value(0), -0x1p-127);
  const ExpectedOutput& y =
      result.variations.at("flushed_subnormals").outputs.at(Output::y);
  EXPECT_EQ(y.values.value(0), 0);
  EXPECT_EQ(y.judged[0], Judged::same);
  EXPECT_EQ(y.values.value(1), -0x1.4p-125);
}

// f32, in which f16 is computed, holds its subnormals as normal numbers.
TEST(Prove, KeepsInputsThatTheWorkingFormatHolds) {
  Problem p = problem({0x1p-20, -0x1p-20}, 1);
  p.inputs[Input::x] =
      make_tensor(DType::f16, {2, 1}, std::vector{0x1p-20, -0x1p-20});
  p.inputs[Input::gamma] = one(0x1p18);
  EXPECT_FALSE(proof_of(p).variations.contains("flushed_subnormals"));
}

TEST(Prove, ExpectsARefusalOfInvalidInput) {
  const Vector v = proof_of(problem({1, 2}, -1));
  EXPECT_TRUE(v.expected.outputs.empty());
  EXPECT_EQ(v.expected.reject.substr(0, 8), "epsilon:");
}

}  // namespace
}  // namespace exactbn::prove_test
