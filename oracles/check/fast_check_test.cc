// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/fast_check.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <ctime>
#include <functional>
#include <span>

#include "oracles/check.h"
#include "reference/draw.h"
#include "reference/testing/trials.h"
#include "reference/textbook/outputs.h"

namespace exactbn::fast_check_test {
namespace {

struct ProblemSpec {
  Operation operation = Operation::forward_training;
  DType dtype = DType::f32;
  Shape shape = {4, 3, 40};
  int axis = 1;
  double mean = 2;
  double deviation = 1;
};

Problem problem_of(Draw& draw, const ProblemSpec& spec) {
  Problem p;
  p.operation = spec.operation;
  p.channel_axis = spec.axis;
  p.epsilon = static_cast<double>(1e-5F);
  const Shape channels = {ChannelView(spec.shape, spec.axis).channels};
  for (const Input name : inputs_of(spec.operation)) {
    const bool like_x = shaped_like_x(name);
    const bool half = !like_x && format(spec.dtype).width < 32;
    Tensor t(half ? DType::f32 : spec.dtype, like_x ? spec.shape : channels);
    for (std::int64_t i = 0; i < t.size(); ++i) {
      double value = name == Input::x
                         ? spec.mean + spec.deviation * draw.normal()
                         : 0.25 + draw.normal();
      if (name == Input::running_var) value = std::fabs(value);
      t.set_bits(i, round_to(value, t.dtype()));
    }
    p.inputs.emplace(name, std::move(t));
  }
  require_valid(p);
  return p;
}

// The answer of a textbook kernel in Real.
template <class Real>
Answer answer_of(const Problem& p, DType dtype) {
  const Outputs<Real> all = Textbook<Real>(p).outputs();
  Answer answer;
  for (const Output name : output_names(p)) {
    const bool like_x = shaped_like_x(name);
    answer.outputs.emplace(name,
                           to_tensor(all.at(name), dtype, shape_of(p, name),
                                     like_x ? p.channel_axis : 0));
  }
  return answer;
}

Answer correct_answer(const Problem& p, DType dtype) {
  const ExactBatchNorm exact(p);
  Answer answer;
  for (const Output name : output_names(p)) {
    answer.outputs.emplace(name, exact.rounded(name, dtype));
  }
  return answer;
}

constexpr std::array kRequired = {Grade::correct, Grade::faithful,
                                  Grade::stable, Grade::sequential};

void expect_same(const Problem& p, const Answer& answer,
                 std::span<const Grade> grades = kRequired,
                 const Declaration& declaration = {}) {
  const Case c{"case", p, {}};
  for (const Grade required : grades) {
    const CaseVerdict fast =
        check(c, declaration, answer, required, Filter::on);
    const CaseVerdict slow =
        check(c, declaration, answer, required, Filter::off);
    ASSERT_EQ(fast.verdict, slow.verdict);
    ASSERT_EQ(fast.outputs.size(), slow.outputs.size());
    for (std::size_t i = 0; i < slow.outputs.size(); ++i) {
      const OutputVerdict& a = fast.outputs[i];
      const OutputVerdict& b = slow.outputs[i];
      const std::string where = std::string(to_string(p.operation)) + ' ' +
                                std::string(to_string(a.output)) + ' ' +
                                to_string(p.x().shape()) + ' ' +
                                std::string(format(a.dtype).name) + ' ' +
                                std::string(to_string(required));
      EXPECT_EQ(a.failed_values, b.failed_values) << where;
      EXPECT_EQ(a.undecided_values, b.undecided_values) << where;
      EXPECT_EQ(a.max_ulp, b.max_ulp) << where;
      EXPECT_EQ(a.max_eta, b.max_eta) << where;
      EXPECT_EQ(a.worst.index, b.worst.index) << where;
      ASSERT_EQ(a, b) << where;
    }
  }
}

using Corruption = std::function<void(Draw&, Tensor&)>;

double nudged(const Tensor& t, std::int64_t i, double ulps) {
  const double value = t.value(i);
  if (!std::isfinite(value)) return value;
  const double ulp =
      value == 0
          ? std::ldexp(1, format(t.dtype()).quantum())
          : std::ldexp(1, std::ilogb(value) - format(t.dtype()).precision + 1);
  return value + ulps * ulp;
}

const std::vector<std::pair<std::string, Corruption>>& corruptions() {
  static const std::vector<std::pair<std::string, Corruption>> all = {
      {"unchanged", [](Draw&, Tensor&) {}},
      {"one value off",
       [](Draw& draw, Tensor& t) {
         const auto i = static_cast<std::int64_t>(
             draw.below(static_cast<std::uint64_t>(t.size())));
         t.set_bits(i, round_to(nudged(t, i, 3000 * draw.normal()), t.dtype()));
       }},
      {"all a little off",
       [](Draw& draw, Tensor& t) {
         for (std::int64_t i = 0; i < t.size(); ++i) {
           t.set_bits(i, round_to(nudged(t, i, 20 * draw.normal()), t.dtype()));
         }
       }},
      {"all far off",
       [](Draw& draw, Tensor& t) {
         for (std::int64_t i = 0; i < t.size(); ++i) {
           t.set_bits(i, round_to(draw.normal(), t.dtype()));
         }
       }},
      {"zeros", [](Draw&, Tensor& t) { t = Tensor(t.dtype(), t.shape()); }},
      {"some NaN and infinities",
       [](Draw& draw, Tensor& t) {
         for (std::int64_t i = 0; i < t.size(); ++i) {
           const std::uint64_t k = draw.below(20);
           if (k > 2) continue;
           t.set_bits(i, k == 0
                             ? format(t.dtype()).quiet_nan()
                             : format(t.dtype()).overflow() |
                                   (k == 1 ? format(t.dtype()).sign_bit() : 0));
         }
       }},
      {"any bits",
       [](Draw& draw, Tensor& t) {
         for (std::int64_t i = 0; i < t.size(); ++i) {
           t.set_bits(i, draw_bits(draw, t.dtype()));
         }
       }},
  };
  return all;
}

void expect_same_under_corruption(Draw& draw, const ProblemSpec& spec) {
  const Problem p = problem_of(draw, spec);
  const Answer sound = answer_of<float>(p, spec.dtype);
  const Answer wide = answer_of<double>(p, spec.dtype);
  const Answer correct = correct_answer(p, spec.dtype);
  for (const Answer* answer : {&sound, &wide, &correct}) {
    for (const auto& [name, apply] : corruptions()) {
      Answer broken = *answer;
      for (auto& [output, tensor] : broken.outputs) apply(draw, tensor);
      SCOPED_TRACE(name);
      expect_same(p, broken);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(FastCheck, VerdictsEqualThoseOfIntegers) {
  Draw draw(1);
  for (const Operation operation : kOperations) {
    for (const DType dtype : kDTypes) {
      for (const auto& [shape, axis] :
           std::vector<std::pair<Shape, int>>{{{2, 2, 20}, 1}, {{40, 2}, 1}}) {
        ProblemSpec spec;
        spec.operation = operation;
        spec.dtype = dtype;
        spec.shape = shape;
        spec.axis = axis;
        expect_same_under_corruption(draw, spec);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(FastCheck, VerdictsEqualThoseOfIntegersHoweverConditioned) {
  Draw draw(2);
  for (int trial = 0; trial < 40; ++trial) {
    ProblemSpec spec;
    spec.operation = kOperations[draw.below(kOperations.size())];
    spec.dtype = draw.below(2) == 0 ? DType::f32 : DType::f64;
    spec.shape = {40, 2};
    spec.deviation = std::exp2(draw.between(-30, 30));
    spec.mean = spec.deviation * std::exp2(draw.between(-4, 24));
    expect_same_under_corruption(draw, spec);
    if (HasFailure()) return;
  }
}

// A flushed value is excused for more than half an ulp.
TEST(FastCheck, VerdictsOnFlushedValuesEqualThoseOfIntegers) {
  Draw draw(9);
  Declaration flush;
  flush.subnormals = Subnormals::flush;
  const int count = trials(60);
  for (int trial = 0; trial < count; ++trial) {
    ProblemSpec spec;
    spec.operation = kOperations[draw.below(kOperations.size())];
    spec.dtype = kDTypes[draw.below(kDTypes.size())];
    spec.shape =
        std::array<Shape, 3>{{{40, 2}, {2, 2, 20}, {2, 2, 600}}}[draw.below(3)];
    Problem p = problem_of(draw, spec);
    const int least = format(spec.dtype).emin;
    const double scale = std::exp2(least + draw.between(-8, 3));
    for (auto& [name, tensor] : p.inputs) {
      const bool scaled = name != Input::x && name != Input::running_mean &&
                          name != Input::running_var && name != Input::x_dot &&
                          name != Input::ddx;
      for (std::int64_t i = 0; scaled && i < tensor.size(); ++i) {
        tensor.set_bits(i, round_to(tensor.value(i) * scale, tensor.dtype()));
      }
    }
    Answer answer = correct_answer(p, spec.dtype);
    const auto& [name, apply] = corruptions()[draw.below(corruptions().size())];
    for (auto& [output, tensor] : answer.outputs) {
      apply(draw, tensor);
      if (draw.below(2) == 0) continue;
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        const double value = std::fabs(tensor.value(i));
        if (value < std::exp2(least)) tensor.set_bits(i, 0);
      }
    }
    SCOPED_TRACE(name);
    expect_same(p, answer, kRequired, flush);
    if (HasFailure()) return;
  }
}

// Quadratic time would be sixteen times as long.
TEST(FastCheck, TakesTimeInProportionToTheChannels) {
  const auto seconds = [](std::int64_t channels) {
    Case c{"case", {}, {}};
    c.problem.operation = Operation::forward_inference;
    c.problem.channel_axis = 0;
    c.problem.inputs[Input::x] = Tensor(DType::f32, {channels, 2});
    Answer answer;
    answer.outputs[Output::y] = c.problem.x();
    Tensor ones(DType::f32, {channels});
    for (std::int64_t i = 0; i < channels; ++i) {
      ones.set_bits(i, round_to(1, DType::f32));
    }
    c.problem.inputs[Input::running_mean] = ones;
    c.problem.inputs[Input::running_var] = ones;
    const std::clock_t begin = std::clock();
    EXPECT_EQ(check(c, {}, answer, Grade::sequential).outputs[0].failed_values,
              2 * channels);
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  constexpr std::int64_t kChannels = 25'000;
  seconds(kChannels);
  const double few = seconds(kChannels);
  EXPECT_LT(seconds(4 * kChannels), 9 * few);
}

// If no output has one value per channel, estimated sums screen the values.
TEST(FastCheck, VerdictsOfEstimatedSumsEqualThoseOfIntegers) {
  Draw draw(6);
  const int count = trials(60);
  for (int trial = 0; trial < count; ++trial) {
    ProblemSpec spec;
    spec.operation = draw.below(2) == 0 ? Operation::forward_training
                                        : Operation::backward_training;
    spec.dtype = std::array{DType::f32, DType::f64, DType::f16,
                            DType::bf16}[draw.below(4)];
    const bool across = draw.below(2) == 0;
    const Shape several =
        draw.below(2) == 0 ? Shape{2, 2, 600} : Shape{3, 9, 370};
    spec.shape = across ? Shape{1030, 17} : several;
    spec.deviation = std::exp2(draw.between(-8, 4));
    spec.mean =
        spec.deviation *
        (draw.below(2) == 0 ? draw.normal() : std::exp2(draw.below(14)));
    const Problem p = problem_of(draw, spec);
    const std::uint64_t kind = draw.below(3);
    Answer answer = kind == 0   ? answer_of<float>(p, spec.dtype)
                    : kind == 1 ? answer_of<double>(p, spec.dtype)
                                : correct_answer(p, spec.dtype);
    for (const Output name : output_names(p)) {
      if (!shaped_like_x(name)) answer.outputs.erase(name);
    }
    const auto& [name, apply] = corruptions()[draw.below(corruptions().size())];
    for (auto& [output, tensor] : answer.outputs) apply(draw, tensor);
    SCOPED_TRACE(name);
    expect_same(p, answer, std::span(kRequired).subspan(draw.below(4), 1));
    if (HasFailure()) return;
  }
}

// kappa = 16 is too much for sums in f16, but not for estimates.
TEST(FastCheck, ValuesWithoutABoundAreNotDecidedByEstimates) {
  Draw draw(8);
  ProblemSpec spec;
  spec.dtype = DType::f16;
  spec.shape = {2, 2, 600};
  spec.mean = 16;
  const Problem p = problem_of(draw, spec);
  Declaration declaration;
  declaration.accumulation = DType::f16;
  declaration.allows_short_accumulation = true;
  Tensor y = correct_answer(p, DType::f16).outputs.at(Output::y);
  for (std::int64_t i = 0; i < y.size(); ++i) y.set_bits(i, y.bits(i) + 2);
  Answer answer;
  answer.outputs.emplace(Output::y, y);
  expect_same(p, answer, std::array{Grade::sequential}, declaration);
  const CaseVerdict v =
      check({"case", p, {}}, declaration, answer, Grade::sequential);
  EXPECT_EQ(v.outputs.front().undecided_values, y.size());
}

// The same value and answer in every channel. Judgements are remembered, but
// only for their channel. The last channel is the worst.
TEST(FastCheck, EachChannelHasItsOwnJudgements) {
  constexpr std::int64_t channels = 512;
  Problem p;
  p.operation = Operation::forward_inference;
  p.epsilon = 0;
  Tensor x(DType::f32, {1, channels});
  Tensor mean(DType::f32, {channels});
  Tensor var(DType::f32, {channels});
  Tensor y(DType::f32, {1, channels});
  for (std::int64_t c = 0; c < channels; ++c) {
    x.set_bits(c, round_to(1.0, DType::f32));
    var.set_bits(c, round_to(1.0, DType::f32));
    // The right y is 513 - c.
    mean.set_bits(c, round_to(static_cast<double>(c - channels), DType::f32));
    y.set_bits(c, round_to(1000.0, DType::f32));
  }
  p.inputs.emplace(Input::x, x);
  p.inputs.emplace(Input::running_mean, mean);
  p.inputs.emplace(Input::running_var, var);
  const Declaration declaration;
  const Judge judge(p, declaration);
  const Judgement last =
      judge(Output::y, channels - 1, y.bits(channels - 1), DType::f32);
  Answer answer;
  answer.outputs.emplace(Output::y, y);
  const CaseVerdict v = check({"case", p, {}}, {}, answer, Grade::sequential);
  EXPECT_EQ(v.outputs.front().max_ulp, last.ulp);
  EXPECT_EQ(v.outputs.front().max_eta, last.eta);
  EXPECT_EQ(v.outputs.front().worst.index, channels - 1);
}

// Inputs with few distinct values, so that errors are equal; one gamma is 0.
TEST(FastCheck, TheFirstOfEquallyBadValuesIsReported) {
  Draw draw(3);
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const Operation operation :
         {Operation::forward_training, Operation::backward_training}) {
      ProblemSpec spec;
      spec.operation = operation;
      spec.dtype = dtype;
      spec.shape = {3, 3, 50};
      Problem p = problem_of(draw, spec);
      for (auto& [name, tensor] : p.inputs) {
        if (!shaped_like_x(name)) continue;
        for (std::int64_t i = 0; i < tensor.size(); ++i) {
          tensor.set_bits(i, round_to(draw.below(3) == 0 ? 0.0 : 1.5, dtype));
        }
      }
      p.inputs[Input::gamma].set_bits(1, 0);
      if (p.find(Input::beta)) p.inputs[Input::beta].set_bits(1, 0);
      for (const auto& [name, apply] : corruptions()) {
        Answer answer = answer_of<float>(p, dtype);
        for (auto& [output, tensor] : answer.outputs) apply(draw, tensor);
        SCOPED_TRACE(name);
        expect_same(p, answer);
        if (HasFailure()) return;
      }
    }
  }
}

// Blocks, rows of channels, one channel on all threads; some layouts have a
// channel with a NaN.
TEST(FastCheck, VerdictsDependOnNeitherLayoutNorThreads) {
  Draw draw(4);
  const int threads = omp_get_max_threads();
  for (const auto& [shape, axis] :
       std::vector<std::pair<Shape, int>>{{{1, 1, 9000}, 1},
                                          {{2, 8, 1100}, 1},
                                          {{60, 130}, 1},
                                          {{40, 300}, 1}}) {
    for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
      ProblemSpec spec;
      spec.dtype = dtype;
      spec.shape = shape;
      spec.axis = axis;
      Problem p = problem_of(draw, spec);
      if (p.view().channels > 3) {
        p.inputs[Input::x].set_bits(p.view().offset(2, 5),
                                    format(dtype).quiet_nan());
      }
      Answer answer = answer_of<float>(p, dtype);
      for (auto& [output, tensor] : answer.outputs) {
        corruptions()[1].second(draw, tensor);
      }
      const Case c{"case", p, {}};
      const CaseVerdict slow =
          check(c, {}, answer, Grade::sequential, Filter::off);
      for (const int n : {1, 2, 5}) {
        omp_set_num_threads(n);
        const CaseVerdict fast = check(c, {}, answer, Grade::sequential);
        ASSERT_EQ(fast.outputs, slow.outputs) << to_string(shape) << ' ' << n;
      }
    }
  }
  omp_set_num_threads(threads);
}

// With frozen statistics an infinite x makes only its own y infinite. A number
// in its place is wrong, whatever errors are allowed elsewhere.
TEST(FastCheck, TheJudgeDecidesValuesWithInfiniteInputs) {
  Draw draw(7);
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    for (const Shape& shape :
         {Shape{2, 2, 400}, Shape{300, 5}, Shape{14, 2, 100}}) {
      const bool seldom = shape[0] == 14;
      ProblemSpec spec;
      spec.operation = Operation::forward_inference;
      spec.dtype = dtype;
      spec.shape = shape;
      Problem p = problem_of(draw, spec);
      for (std::int64_t i = 0; i < p.x().size(); ++i) {
        const std::uint64_t k = draw.below(seldom ? 500 : 40);
        if (k > (seldom ? 0 : 1)) continue;
        p.inputs[Input::x].set_bits(
            i, k == 0 ? format(dtype).overflow() : format(dtype).quiet_nan());
      }
      const Answer right = correct_answer(p, dtype);
      auto all = corruptions();
      all.emplace_back("all within bounds", [](Draw& d, Tensor& t) {
        for (std::int64_t i = 0; i < t.size(); ++i) {
          t.set_bits(i, round_to(nudged(t, i, 2 * d.unit()), t.dtype()));
        }
      });
      for (const auto& [name, apply] : all) {
        Answer answer = right;
        for (auto& [output, tensor] : answer.outputs) {
          apply(draw, tensor);
          for (std::int64_t i = 0; i < tensor.size(); ++i) {
            if (!p.x().finite(i) && draw.below(2) == 0) tensor.set_bits(i, 0);
          }
        }
        SCOPED_TRACE(name);
        expect_same(p, answer, std::span(kRequired).subspan(seldom ? 3 : 0));
        if (HasFailure()) return;
      }
    }
  }
}

TEST(FastCheck, IntegersJudgeFewValues) {
  Draw draw(5);
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16, DType::f16}) {
    for (const Operation operation : kOperations) {
      ProblemSpec spec;
      spec.operation = operation;
      spec.dtype = dtype;
      spec.shape = {4, 3, 5000};
      const Problem p = problem_of(draw, spec);
      const Answer answer = dtype == DType::f64 ? answer_of<double>(p, dtype)
                                                : answer_of<float>(p, dtype);
      for (const Subnormals subnormals :
           {Subnormals::keep, Subnormals::flush}) {
        Declaration declaration;
        declaration.subnormals = subnormals;
        const Judge judge(p, declaration);
        for (const auto& [name, tensor] : answer.outputs) {
          if (!shaped_like_x(name)) continue;
          FastCheck fast(p, judge, nullptr, name, tensor, Grade::sequential);
          for (std::int64_t c = 0; c < 3; ++c) fast.check({c, 1});
          fast.finish();
          EXPECT_EQ(fast.counts().values, tensor.size());
          EXPECT_LT(fast.counts().by_integers, 600)
              << to_string(operation) << ' ' << name << ' '
              << format(dtype).name;
        }
      }
    }
  }
}

// A kernel that is wrong everywhere is no slower to judge.
TEST(FastCheck, IntegersJudgeFewWrongValues) {
  Draw draw(8);
  ProblemSpec spec;
  spec.shape = {4, 3, 5000};
  const Problem p = problem_of(draw, spec);
  const Declaration declaration;
  const Judge judge(p, declaration);
  const Tensor zeros(DType::f32, spec.shape);
  FastCheck fast(p, judge, nullptr, Output::y, zeros, Grade::sequential);
  for (std::int64_t c = 0; c < 3; ++c) fast.check({c, 1});
  EXPECT_GT(fast.finish().failed_values, zeros.size() - 10);
  EXPECT_LT(fast.counts().by_integers, 600);
}

}  // namespace
}  // namespace exactbn::fast_check_test
