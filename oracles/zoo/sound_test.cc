// SPDX-License-Identifier: Apache-2.0
// Judges sound algorithms in a given precision over wide ranges of channels:
// none may fail.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "oracles/zoo/trial.h"
#include "reference/testing/trials.h"

namespace exactbn::zoo {
namespace {

struct Tally {
  std::int64_t checks = 0;
  std::int64_t undecided = 0;
  std::int64_t failed = 0;
  double part = 0;    // the largest eta over its limit
  std::string worst;  // the case of `part`, or the first failure

  void add(const Tally& other) {
    checks += other.checks;
    undecided += other.undecided;
    if (other.part > part) {
      part = other.part;
      worst = other.worst;
    }
    failed += other.failed;
  }
};

// By algorithm.
using Tallies = std::map<std::string, Tally>;

Tally tally(const BenchVerdict& outcome, const std::string& where) {
  return {1, outcome.verdict == Verdict::undecided,
          outcome.verdict == Verdict::failed, outcome.part,
          where + ": " + outcome.text};
}

std::string describe(const Problem& p, std::string_view form) {
  return fmt::format("{}, {} m {} eps {}", form, format(p.x().dtype()).name,
                     p.x().size(), p.epsilon);
}

template <class T>
const auto& any_of(Draw& draw, const T& all) {
  return all[draw.below(all.size())];
}

// Every algorithm for the statistics, each with every affine form of y.
template <class W>
void try_forward(Draw& draw, DType dtype, Tallies& tallies) {
  const double u = format(kDTypeOf<W>).unit_roundoff();
  const Problem p =
      draw_channel(draw, dtype, Operation::forward_training, draw_count(draw));
  const Values<W> x = values_of<W>(p.x());
  const bool in_order_stalls = stalls(p.x(), u);
  const Bench bench(p);
  for (const StatisticsAlgorithm<W>& algorithm : sound_statistics<W>()) {
    const AffineForm<W>& form = any_of(draw, kAffineForms<W>);
    if (algorithm.may_stall && in_order_stalls) continue;
    const Answer answer = forward(p, x, algorithm.run(x), form.run);
    tallies[algorithm.name].add(
        tally(bench(answer, algorithm.required), describe(p, form.name)));
  }
}

// Every order of summation, with statistics summed in that order or saved by a
// forward pass with wide sums, each with every formula of the gradients.
template <class W>
void try_backward(Draw& draw, DType dtype, Tallies& tallies) {
  const double u = format(kDTypeOf<W>).unit_roundoff();
  const Problem p =
      draw_channel(draw, dtype, Operation::backward_training, draw_count(draw));
  const Values<W> x = values_of<W>(p.x());
  const Values<W> dy = values_of<W>(p.inputs.at(Input::dy));
  const W gamma = parameter<W>(p, Input::gamma);
  const bool x_stalls = stalls(p.x(), u);
  const bool dy_stalls = stalls(p.inputs.at(Input::dy), u);
  const Statistics<W> saved = two_pass_all_wide(x);
  const Bench bench(p);
  for (const Order order : kOrders) {
    for (const bool recomputed : {false, true}) {
      const GradientFormula<W>& formula = any_of(draw, kGradientFormulas<W>);
      if (may_stall(order) && (dy_stalls || (recomputed && x_stalls))) continue;
      const Statistics<W> s = recomputed ? two_pass(x, order) : saved;
      const BackwardInput<W> in = {x, dy, gamma, normalizer(s, p.epsilon),
                                   order};
      const BenchVerdict outcome =
          bench(backward(p, formula.run(in)),
                is_stable(order) ? Grade::stable : Grade::sequential);
      const std::string name = fmt::format("backward, {}, {}", name_of(order),
                                           recomputed ? "recomputed" : "saved");
      tallies[name].add(tally(outcome, describe(p, formula.name)));
    }
  }
}

// f32 and f64 are most used; the short formats are summed in f32.
constexpr std::array kFormats = {DType::f32,  DType::f32,      DType::f32,
                                 DType::f64,  DType::f64,      DType::f16,
                                 DType::bf16, DType::f8e4m3fn, DType::f8e5m2};

Tallies try_one(std::uint64_t seed) {
  Draw draw(seed);
  Tallies tallies;
  const DType dtype = any_of(draw, kFormats);
  const bool is_forward = draw.below(2) == 0;
  if (dtype == DType::f64) {
    is_forward ? try_forward<double>(draw, dtype, tallies)
               : try_backward<double>(draw, dtype, tallies);
  } else {
    is_forward ? try_forward<float>(draw, dtype, tallies)
               : try_backward<float>(draw, dtype, tallies);
  }
  for (auto& [name, tally] : tallies) {
    tally.worst = fmt::format("seed {}, {}", seed, tally.worst);
  }
  return tallies;
}

// The result does not depend on the number of threads: each trial has a
// separate seed.
Tallies try_many(std::uint64_t first_seed, std::int64_t trials) {
  Tallies all;
#pragma omp parallel for schedule(dynamic)
  for (std::int64_t trial = 0; trial < trials; ++trial) {
    const Tallies one = try_one(first_seed + static_cast<std::uint64_t>(trial));
#pragma omp critical
    for (const auto& [name, tally] : one) all[name].add(tally);
  }
  return all;
}

std::string to_text(const Tallies& tallies) {
  std::string text;
  for (const auto& [name, t] : tallies) {
    text += fmt::format("{:32} {:7} {:6} {:4} {:7.3f}  {}\n", name, t.checks,
                        t.undecided, t.failed, t.part, t.worst);
  }
  return text;
}

void expect_no_failure(const Tallies& tallies) {
  Tally sum;
  for (const auto& [name, t] : tallies) {
    EXPECT_EQ(t.failed, 0) << name << ", " << t.worst;
    sum.add(t);
  }
  EXPECT_LT(4 * sum.undecided, sum.checks);
  testing::Test::RecordProperty("checks", std::to_string(sum.checks));
}

TEST(Zoo, NoSoundAlgorithmFails) {
  expect_no_failure(try_many(1, trials(1800)));
}

// Takes minutes. Prints for each algorithm the checks, the undecided and failed
// ones, and the largest eta over its limit and where.
TEST(Zoo, DISABLED_NoSoundAlgorithmFailsInAMillionChecks) {
  const Tallies tallies = try_many(1'000'000, 88'000);
  fmt::print("{}", to_text(tallies));
  expect_no_failure(tallies);
}

// Nine times 1000.1f sum to a mean that is an ulp or more off. The variance is
// then only the square of that error, which is of second order.
TEST(Zoo, AConstantChannelWithARoundedMeanPasses) {
  Draw draw(5);
  for (int trial = 0; trial < trials(500); ++trial) {
    const auto m = static_cast<std::int64_t>(2 + draw.below(40));
    Problem p = draw_channel(draw, DType::f32, Operation::forward_training, m);
    p.epsilon = static_cast<double>(1e-5F);
    p.inputs[Input::x] =
        draw_values(draw, DType::f32, m, draw_exp2(draw, {-10, 12}), 0);
    const Values<float> x = values_of<float>(p.x());
    const Bench bench(p);
    for (const auto& algorithm : sound_statistics<float>()) {
      for (const AffineForm<float>& form : kAffineForms<float>) {
        const Answer answer = forward(p, x, algorithm.run(x), form.run);
        EXPECT_NE(bench(answer, Grade::sequential).verdict, Verdict::failed)
            << algorithm.name << ", " << describe(p, form.name);
      }
    }
  }
}

// With deviations of 2^60, squares fit f32 but invstd^3 is 0: dx by the paper's
// stages lacks the term of the variance. The other formulas are sound.
TEST(Zoo, ACubeOfInvstdThatVanishesIsNoExcuse) {
  Draw draw(9);
  for (const int log2 : {30, 40, 50, 60}) {
    for (int trial = 0; trial < 50; ++trial) {
      const auto m = static_cast<std::int64_t>(4 + draw.below(60));
      Problem p =
          draw_channel(draw, DType::f32, Operation::backward_training, m);
      const double size = std::ldexp(1.0, log2);
      p.inputs[Input::x] = draw_values(draw, DType::f32, m, size, size);
      p.inputs[Input::dy] = draw_values(draw, DType::f32, m, 0.5, 1);
      p.inputs[Input::gamma] = tensor_of(-1.25F);
      const Values<float> x = values_of<float>(p.x());
      const Values<float> dy = values_of<float>(p.inputs.at(Input::dy));
      const Normalizer<float> n =
          normalizer(two_pass(x, Order::pairwise), p.epsilon);
      const BackwardInput<float> in = {x, dy, -1.25F, n, Order::pairwise};
      const Bench bench(p);
      for (const GradientFormula<float>& formula : kGradientFormulas<float>) {
        const bool lost = formula.name == "staged" && log2 > 45;
        EXPECT_EQ(bench(backward(p, formula.run(in)), Grade::stable).verdict,
                  lost ? Verdict::failed : Verdict::passed)
            << describe(p, formula.name) << " 2^" << log2;
      }
    }
  }
}

// A channel of equal values, with epsilon 0.
Problem zero_by_zero(Operation operation, std::int64_t m, double value) {
  Problem p;
  p.operation = operation;
  const std::vector<double> x(static_cast<std::size_t>(m), value);
  p.inputs[Input::x] = make_tensor(DType::f32, {m, 1}, x);
  p.inputs[Input::gamma] = tensor_of(1.0F);
  return p;
}

// All sums are exact, but 1/41 is not, and 41 times the nearest f32 is not 1:
// the mean is an ulp off, and the variance is not 0. Disabled: it fails.
TEST(Zoo, AChannelOfEqualValuesTimesOneByMIsUndecided) {
  Problem p = zero_by_zero(Operation::forward_training, 41, 1);
  p.inputs[Input::beta] = tensor_of(0.0F);
  const Values<float> x = values_of<float>(p.x());
  const Statistics<float> s = two_pass_reciprocal(x);
  ASSERT_NE(s.mean, 1);
  EXPECT_EQ(Bench(p)(forward(p, x, s, direct<float>), Grade::stable).verdict,
            Verdict::undecided);
}

// dgamma = (sum dy x - mean sum dy) / 0, whose numerator rounds to some 1e-8
// instead of 0: infinity, which is as right as NaN. Disabled: it fails.
TEST(Zoo, AGradientOverZeroMayBeInfinite) {
  Problem p = zero_by_zero(Operation::backward_training, 2, 3);
  const Values<float> dy = {0.1F, 0.7F};
  p.inputs[Input::dy] = tensor_of(dy, DType::f32, {2, 1});
  const Values<float> x = values_of<float>(p.x());
  const Normalizer<float> n = normalizer(two_pass_all_wide(x), 0);
  const auto gradients = coefficients<float>({x, dy, 1, n, Order::pairwise});
  ASSERT_TRUE(std::isinf(gradients.dgamma));
  EXPECT_NE(Bench(p)(backward(p, gradients), Grade::stable).verdict,
            Verdict::failed);
}

}  // namespace
}  // namespace exactbn::zoo
