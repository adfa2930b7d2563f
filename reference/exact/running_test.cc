// SPDX-License-Identifier: Apache-2.0
#include "reference/exact/running.h"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <string>
#include <vector>

#include "reference/draw.h"
#include "reference/exact.h"
#include "reference/exact/forward.h"
#include "reference/testing/digits.h"
#include "reference/testing/nearest.h"
#include "reference/textbook/outputs.h"
#include "reference/ulp.h"

namespace exactbn::running_test {
namespace {

namespace mp = boost::multiprecision;
using Rational = mp::number<mp::cpp_rational_backend, mp::et_off>;
using Digits = Digits1000;

enum class Statistic : std::uint8_t { mean, var, var_biased };
constexpr std::array kStatistics = {Statistic::mean, Statistic::var,
                                    Statistic::var_biased};

// One channel over several batches of different sizes, all with m > 1.
struct History {
  std::vector<Tensor> batches;
  double start = 0;  // of either running statistic
  std::optional<double> momentum;
  std::int64_t tracked = 0;
};

History any_history(Draw& draw, DType dtype, std::uint64_t most_steps) {
  History h;
  h.start = to_double(round_to(std::fabs(draw.normal()), dtype), dtype);
  if (draw.below(3) != 0) {
    constexpr std::array often = {0.1, 0.01, 0.5, 0.0, 1.0};
    h.momentum = draw.below(2) == 0 ? often[draw.below(5)] : draw.unit();
  } else if (draw.below(2) == 0) {
    h.tracked = static_cast<std::int64_t>(draw.below(20));
  }
  const std::uint64_t steps = 1 + draw.below(most_steps);
  for (std::uint64_t j = 0; j < steps; ++j) {
    const auto m = static_cast<std::int64_t>(2 + draw.below(6));
    const double offset = draw.normal() * 3;
    Tensor x(dtype, {m, 1});
    for (std::int64_t i = 0; i < m; ++i) {
      x.set_bits(i, round_to(offset + draw.normal(), dtype));
    }
    h.batches.push_back(x);
  }
  return h;
}

Surd of_batch(const Tensor& x, Statistic statistic) {
  Channel ch;
  ch.m = x.size();
  ch.sums = channel_sums(x, nullptr, {x.shape(), 1}, 0);
  normalize_by_batch(ch, 0);
  switch (statistic) {
    case Statistic::mean:
      return mean(ch);
    case Statistic::var:
      return variance_unbiased(ch);
    case Statistic::var_biased:
      break;
  }
  return variance(ch);
}

template <class Real>
Row<Real> of_batch_by_textbook(const Tensor& x, Statistic statistic) {
  const auto [mean, var] = batch_statistics(to_matrix<Real>(x, 1));
  if (statistic == Statistic::mean) return mean;
  return statistic == Statistic::var ? unbiased(var, x.size()) : var;
}

Rational rational(const Dyadic& x) {
  const Integer power = Integer(1) << static_cast<unsigned>(std::abs(x.e));
  return x.e < 0 ? Rational(x.n, power) : Rational(x.n * power);
}

Rational rational(const Surd& fraction) {
  EXPECT_EQ(fraction.q.sign(), 0);
  return rational(fraction.p) / rational(fraction.d);
}

Surd after(const History& h, Statistic statistic) {
  std::vector<Surd> batches;
  for (const Tensor& x : h.batches) batches.push_back(of_batch(x, statistic));
  return running_after({dyadic(h.start), 0, 1, 1}, batches, h.momentum,
                       h.tracked);
}

// The sums in running.h, with the powers of 1 - a one by one.
Rational closed_form(const History& h, Statistic statistic) {
  std::vector<Rational> s;
  for (const Tensor& x : h.batches) {
    s.push_back(of_batch_by_textbook<Rational>(x, statistic)(0));
  }
  const Rational start(h.start);
  if (!h.momentum) {
    Rational sum = h.tracked * start;
    for (const Rational& sj : s) sum += sj;
    return sum / (h.tracked + std::ssize(s));
  }
  const Rational a(*h.momentum);
  Rational power = 1;
  Rational sum = 0;
  for (auto sj = s.rbegin(); sj != s.rend(); ++sj) {
    sum += a * power * *sj;
    power *= 1 - a;
  }
  return power * start + sum;
}

TEST(RunningAfter, IsTheClosedForm) {
  Draw draw(1);
  for (int trial = 0; trial < 60; ++trial) {
    const DType dtype = kDTypes[draw.below(kDTypes.size())];
    const History h = any_history(draw, dtype, 50);
    for (const Statistic statistic : kStatistics) {
      ASSERT_EQ(rational(after(h, statistic)), closed_form(h, statistic))
          << std::size(h.batches) << " steps of momentum "
          << h.momentum.value_or(-1);
    }
  }
}

// The textbook, step by step.
Digits steps_of_textbook(const History& h, Statistic statistic) {
  Row<Digits> r = Row<Digits>::Constant(1, Digits(h.start));
  std::int64_t tracked = h.tracked;
  for (const Tensor& x : h.batches) {
    const auto batch = of_batch_by_textbook<Digits>(x, statistic);
    r = h.momentum ? running_average(r, batch, Digits(*h.momentum))
                   : cumulative_average(r, batch, tracked);
    ++tracked;
  }
  return r(0);
}

TEST(RunningAfter, AgreesWithTheTextbookInAThousandDigits) {
  Draw draw(2);
  for (int trial = 0; trial < 200; ++trial) {
    const DType dtype = kDTypes[draw.below(kDTypes.size())];
    const History h = any_history(draw, dtype, 50);
    for (const Statistic statistic : kStatistics) {
      const Surd exact = after(h, statistic);
      const Digits expected = steps_of_textbook(h, statistic);
      for (const DType to : kDTypes) {
        ASSERT_EQ(to_double(round_to(exact, to), to), nearest(expected, to))
            << std::size(h.batches) << " steps in " << format(to).name;
      }
    }
  }
}

// As in a framework: every step rounds, and the next starts there.
constexpr Output name_of(Statistic statistic) {
  return statistic == Statistic::mean  ? Output::running_mean
         : statistic == Statistic::var ? Output::running_var
                                       : Output::running_var_biased;
}

struct Rounded {
  std::uint64_t bits = 0;
  Digits bound = 0;  // on its distance from the unrounded statistic
};

Rounded rounded_at_every_step(const History& h, Statistic statistic,
                              DType dtype) {
  Problem p;
  p.momentum = h.momentum;
  p.batches_tracked = h.tracked;
  const Input input = *traits(name_of(statistic)).updates;
  p.inputs[input] = make_tensor(dtype, {1}, std::vector{h.start});
  Rounded r;
  for (const Tensor& x : h.batches) {
    p.inputs[Input::x] = x;
    const double old = p.inputs[input].value(0);
    const Exact exact = ExactBatchNorm(p).at(name_of(statistic), 0);
    r.bits = round_to(exact, dtype);

    const History step{{x}, old, h.momentum, p.batches_tracked};
    EXPECT_EQ(to_double(r.bits, dtype),
              nearest(steps_of_textbook(step, statistic), dtype));

    // Part of the old error remains, and half an ulp is added.
    const Digits kept =
        h.momentum ? 1 - Digits(*h.momentum)
                   : Digits(p.batches_tracked) / (p.batches_tracked + 1);
    const Dyadic unit = ulp(exact.value, dtype);
    r.bound = kept * r.bound + ldexp(Digits(0.5), static_cast<int>(unit.e));
    p.inputs[input].set_bits(0, r.bits);
    ++p.batches_tracked;
  }
  return r;
}

TEST(RunningStatistics, RoundedAtEveryStepStayNearTheExactOnes) {
  Draw draw(3);
  int steps = 0;
  int differ = 0;
  for (int trial = 0; trial < 100; ++trial) {
    const DType dtype = kDTypes[draw.below(kDTypes.size())];
    const History h = any_history(draw, dtype, 50);
    for (const Statistic statistic : kStatistics) {
      const Rounded r = rounded_at_every_step(h, statistic, dtype);
      const Surd exact = after(h, statistic);
      const Surd error = exact - decode(r.bits, dtype);
      const Enclosure e = enclose(error, 60);
      const Digits size =
          ldexp(Digits(abs(e.mid.n)), static_cast<int>(e.mid.e));
      ASSERT_LE(size, r.bound * (1 + 0x1p-59))
          << std::size(h.batches) << " steps in " << format(dtype).name;
      if (r.bits != round_to(exact, dtype)) ++differ;
      steps += static_cast<int>(std::ssize(h.batches));
    }
  }
  EXPECT_GT(steps, 5000);
  EXPECT_GT(differ, 50);
}

// From 0, k batches of mean 1 with momentum 1/2 give 1 - 2^-k.
TEST(RunningAfter, WorkedExample) {
  const std::vector<Surd> ones(1000, {1, 0, 1, 1});
  const Surd r = running_after({}, ones, 0.5, 0);
  EXPECT_EQ(compare(r, Dyadic(1) - Dyadic(1, -1000)), 0);
  EXPECT_EQ(compare(running_after({}, {}, 0.5, 0), 0), 0);
  // Two earlier batches of mean 5, then 1 and 3, give 14/4.
  const std::vector<Surd> batches = {{1, 0, 1, 1}, {9, 0, 1, 3}};
  EXPECT_EQ(compare(running_after({5, 0, 1, 1}, batches, {}, 2), {7, -1}), 0);
}

// Caffe's S / s with S = alpha S + batch and s = alpha s + 1 is a step of
// weight 1/s.
TEST(Running, TakesTheWeightsOfCaffe) {
  const double alpha = 0.999;
  Rational sum = 0;
  Rational weights = 0;
  Dyadic s = 0;
  Surd r;
  for (int k = 1; k <= 50; ++k) {
    const Surd batch{3 * k * k - 7, 0, 1, k + 2};
    s = dyadic(alpha) * s + 1;
    r = running(r, batch, {1, s});
    sum = Rational(alpha) * sum + rational(batch);
    weights = Rational(alpha) * weights + 1;
    ASSERT_EQ(rational(r), sum / weights) << k;
  }
}

}  // namespace
}  // namespace exactbn::running_test
