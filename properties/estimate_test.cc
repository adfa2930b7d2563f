// SPDX-License-Identifier: Apache-2.0
//
// Tests that filters agree with what they filter, number by number and answer
// by answer.
#include "properties/estimate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "oracles/check.h"
#include "oracles/check/output_verdict.h"
#include "oracles/defects.h"
#include "oracles/subjects/double.h"
#include "properties/draw/problem.h"
#include "properties/law.h"
#include "properties/survey/sure_edge.h"
#include "properties/survey/sure_verdict.h"
#include "reference/testing/trials.h"

namespace exactbn::estimate_test {
namespace {

// How often the filter knew a number, and how often it did not.
struct Answered {
  int something = 0;
  int nothing = 0;
};

// Expects that the value, radius and unknown flag of `filter` are consistent
// with those of `judged`.
void expect_stands_for(const Number& filter, const Number& judged,
                       const std::string& what, Answered& answered) {
  if (filter.is_open()) {
    ++answered.nothing;
    return;
  }
  ++answered.something;
  ASSERT_EQ(filter.is_unknown(), judged.is_unknown()) << what;
  if (judged.is_unknown()) return;
  ASSERT_EQ(judged.doubt(), 0) << what;
  ASSERT_LE(std::fabs(filter.mid() - judged.mid()), filter.doubt()) << what;
  ASSERT_LE(filter.radius(), judged.radius()) << what;
}

// Declares each working precision in turn, so that errors of any size matter.
Declaration declaration_of(std::uint64_t i) {
  constexpr DType kSums[] = {DType::f64, DType::f32, DType::bf16};
  Declaration declaration;
  declaration.accumulation = kSums[i % 3];
  declaration.allows_short_accumulation = true;
  if (i % 5 == 0) declaration.running_variance = RunningVariance::biased;
  if (i % 7 == 0) declaration.subnormals = Subnormals::flush;
  if (i % 4 == 1) declaration.zero_variance = ZeroVariance::zero;
  if (i % 4 == 2) declaration.single_value = SingleValue::keep;
  return declaration;
}

TEST(Estimates, AgreeWithTheJudge) {
  constexpr Grade kRequired[] = {Grade::sequential, Grade::stable,
                                 Grade::faithful, Grade::correct};
  Answered answered;
  DoubleSubject subject;
  for (std::uint64_t i = 0; i < trials(1500); ++i) {
    const Problem p = draw_case({Profile::small, {}, {}}, 5, i).problem;
    const Declaration declaration = declaration_of(i);
    Observation observation({"", p, {}}, subject.answer({"", p, {}}),
                            declaration, kRequired[i % 4], Layer::judge);
    for (const Layer layer : {Layer::ulp, Layer::tolerance}) {
      const auto compare = [&](const auto& number, const std::string& what) {
        observation.use(Layer::judge);
        const Number judged = number();
        observation.use(layer);
        expect_stands_for(number(), judged,
                          "case " + std::to_string(i) + " " + what, answered);
      };
      for (std::int64_t c = 0; c < p.view().channels; ++c) {
        ASSERT_EQ(observation.estimate(c).is_number,
                  observation.judge().exact().is_number(c))
            << "case " << i;
        if (normalizes_by_batch(p.operation)) {
          compare([&] { return observation.mean(c); }, "mean");
          compare([&] { return observation.var(c); }, "var");
        }
        compare([&] { return observation.invstd(c); }, "invstd");
      }
      for (const Output name : output_names(p)) {
        const Tensor& got = observation.answer().outputs.find(name)->second;
        for (std::int64_t k = 0; k < got.size(); ++k) {
          compare([&] { return observation.out(name)(k); },
                  std::string(to_string(name)) + std::to_string(k));
        }
      }
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(answered.something, 20 * answered.nothing);
}

// For values of any size that nearly agree: if the comparison certainly holds
// in double, it holds without rounding.
TEST(Comparison, HoldsWithoutRounding) {
  Draw draw(1);
  int holds = 0;
  int all = 0;
  for (int i = 0; i < trials(200'000); ++i) {
    constexpr int kPowers[] = {0, 0, 9, -9, 18, -18, 1, -1};
    const double factor =
        draw.sign() * std::ldexp(1, kPowers[draw.below(std::size(kPowers))]);
    Estimated x;
    Estimated y;
    x.value = to_double(draw_bits(draw, DType::f64), DType::f64);
    // A small difference, often exactly what the radii allow.
    const auto ulp = [](double value) {
      return value == 0 ? -1074 : std::max(std::ilogb(value) - 52, -1074);
    };
    const int quantum = ulp(factor * x.value);
    const auto units = static_cast<double>(draw.below(6));
    y.value = factor * x.value + std::ldexp(units, quantum);
    y.radius = std::ldexp(static_cast<double>(1 + draw.below(3)), quantum);
    x.radius = std::ldexp(static_cast<double>(draw.below(3)), ulp(x.value));
    Comparison comparison(factor);
    comparison.add(x, y);
    ++all;
    if (!comparison.surely_holds() || comparison.unknown()) continue;
    ++holds;
    Dyadic off = dyadic(y.value) - dyadic(factor) * dyadic(x.value);
    if (off.sign() < 0) off = -off;
    const Dyadic excused =
        dyadic(y.radius) + dyadic(std::fabs(factor)) * dyadic(x.radius);
    ASSERT_LE(compare(off, excused), 0)
        << x.value << ' ' << y.value << ' ' << factor;
  }
  EXPECT_GT(holds, all / 4);
  EXPECT_LT(holds, all * 3 / 4);
}

TEST(Comparison, IsOpenOrUnknownWithItsValues) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Comparison none(1);
  EXPECT_FALSE(none.any());
  Comparison open(1);
  open.add({1, nan}, {1, 1});
  EXPECT_TRUE(open.any());
  EXPECT_FALSE(open.surely_holds());
  EXPECT_FALSE(open.unknown());
  Comparison unknown(1);
  unknown.add({}, {1, 1});
  unknown.add({3, 1}, {4, 1});
  EXPECT_TRUE(unknown.unknown());
  EXPECT_TRUE(unknown.surely_holds());
  Comparison beyond(0x1p9);
  beyond.add({0x1p1020, 0x1p1020}, {0, 0x1p1020});
  EXPECT_FALSE(beyond.surely_holds());
}

// Channels whose bounds are close to void.
TEST(Estimates, KnowWhetherTheBoundIsVoid) {
  int voids = 0;
  int holds = 0;
  for (int e = 0; e < 60; ++e) {
    Problem p;
    p.epsilon = 0x1p-80;
    p.inputs[Input::x] = Tensor(DType::f64, {4, 1});
    for (std::int64_t i = 0; i < 4; ++i) {
      p.inputs[Input::x].set_bits(
          i, round_to(1 + static_cast<double>(i) * std::ldexp(1.0, -e),
                      DType::f64));
    }
    for (const DType sums : {DType::f64, DType::f32, DType::bf16}) {
      Declaration declaration;
      declaration.accumulation = sums;
      declaration.allows_short_accumulation = true;
      const Judge judge(p, declaration);
      const Bound bound = Estimates(p, declaration).channel(0).through_w;
      if (bound == Bound::open) continue;
      const bool is_void = judge.bound_is_void(Output::y, 0);
      EXPECT_EQ(bound == Bound::is_void, is_void) << e;
      ++(is_void ? voids : holds);
    }
  }
  EXPECT_GT(voids, 20);
  EXPECT_GT(holds, 20);
}

TEST(Estimates, RoundLikeExactNumbers) {
  Draw draw(1);
  int rounded = 0;
  int held = 0;
  for (int i = 0; i < trials(20'000); ++i) {
    const DType dtype = draw.below(2) == 0 ? DType::f32 : DType::f64;
    // Near a value of the format or a midpoint of two.
    const auto n =
        static_cast<std::int64_t>(draw.bits() >> 11) | (std::int64_t{1} << 53);
    const Dyadic value(Integer(n >> draw.below(40)), 0);
    const auto tiny = static_cast<std::int64_t>(draw.below(3)) - 1;
    const Dyadic near = value + Dyadic(tiny, -9);
    const Wide doubt = std::ldexp(Wide{1}, -8);
    const Number number = Number::near(static_cast<Wide>(value.n), doubt);
    if (const auto bits = surely_rounded(number, dtype)) {
      EXPECT_EQ(*bits, round_to(near, dtype));
      ++rounded;
    }
    if (surely_not_held(number, dtype)) {
      EXPECT_NE(decode(round_to(near, dtype), dtype), near);
    } else {
      ++held;
    }
  }
  EXPECT_GT(rounded, 1000 / (kSanitized ? 8 : 1));
  EXPECT_GT(held, 1000 / (kSanitized ? 8 : 1));
}

// Replaces some values by NaN, infinities, the largest numbers or 0.
void spoil(OutputTensors& outputs, Draw& draw) {
  for (auto& [name, tensor] : outputs) {
    const Format f = format(tensor.dtype());
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      if (draw.below(8) != 0) continue;
      const std::uint64_t all[] = {f.quiet_nan(), f.overflow(),
                                   f.overflow() | f.sign_bit(),
                                   f.overflow() - 1, 0};
      tensor.set_bits(i, all[draw.below(std::size(all))]);
    }
  }
}

// Right and wrong answers get the oracle's verdict.
TEST(SureVerdict, EqualsThatOfTheOracle) {
  int sure = 0;
  int all = 0;
  for (std::uint64_t i = 0; i < trials(1500); ++i) {
    const Problem p = draw_case({Profile::small, {}, {}}, 6, i).problem;
    Declaration declaration = declaration_of(i);
    DefectSubject subject(defects()[i % defects().size()]);
    DoubleSubject sound;
    const Case c = {"", p, {}};
    Answer answer = i % 2 == 0 ? subject.answer(c) : sound.answer(c);
    Draw draw(i);
    if (i % 4 == 2) spoil(answer.outputs, draw);
    for (const Grade required :
         {Grade::sequential, Grade::stable, Grade::faithful, Grade::correct}) {
      const CaseVerdict verdict = check(c, declaration, answer, required);
      const Observation observation(c, answer, declaration, required,
                                    Layer::judge);
      const auto found = sure_verdict(observation, declaration, required);
      if (i % 2 == 1 && required == Grade::sequential) {
        ++all;
        sure += found ? 1 : 0;
      }
      if (found) {
        ASSERT_EQ(*found, verdict.verdict)
            << "case " << i << ", " << to_string(required);
      }
    }
  }
  EXPECT_GT(sure, all * 8 / 10);
}

// One value at a time, so that no other value decides: NaN, infinities and
// values out of range get the judge's verdict.
TEST(SureVerdict, AgreesWithTheJudgeOnNanAndInfinity) {
  int passed = 0;
  int all = 0;
  for (std::uint64_t i = 0; i < trials(3000); ++i) {
    const Problem p = draw_case({Profile::small, {}, {}}, 9, i).problem;
    const Declaration declaration = declaration_of(i);
    const Judge judge(p, declaration);
    const Case c = {"", p, {}};
    const Observation observation(c, DoubleSubject().answer(c), declaration,
                                  Grade::sequential, Layer::judge);
    Draw draw(i);
    for (const auto& [name, tensor] : observation.answer().outputs) {
      const DType dtype = tensor.dtype();
      const Format f = format(dtype);
      for (std::int64_t k = 0; k < tensor.size(); ++k) {
        for (const std::uint64_t got :
             {tensor.bits(k), f.quiet_nan(), f.overflow(),
              f.overflow() | f.sign_bit(), std::uint64_t{0}}) {
          const std::int64_t channel =
              shaped_like_x(name) ? p.view().channel(k) : k;
          const bool sure = surely_passes_as_nonfinite(
              observation, declaration, name, channel, k, got, dtype);
          const Verdict verdict =
              verdict_of(judge(name, k, got, dtype), Grade::sequential);
          if (sure) {
            ASSERT_EQ(verdict, Verdict::passed)
                << "case " << i << ' ' << name << '[' << k << "] "
                << to_hexfloat(got, dtype);
          }
          const bool passes_as_nan =
              verdict == Verdict::passed && is_nan(got, dtype);
          passed += sure && passes_as_nan ? 1 : 0;
          all += passes_as_nan ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(passed, all / 3);
}

}  // namespace
}  // namespace exactbn::estimate_test
