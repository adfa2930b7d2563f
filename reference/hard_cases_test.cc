// SPDX-License-Identifier: Apache-2.0
// Problems built backwards from the midpoint of two neighbours in a format:
// the answer is within 2^-100 of it, relatively, on the side chosen, and never
// on it. An answer that is estimated, in any fixed number of digits, has to
// guess.
#include <gtest/gtest.h>

#include <array>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>
#include <boost/multiprecision/eigen.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "reference/draw.h"
#include "reference/exact.h"
#include "reference/nearest.h"
#include "reference/rounded.h"
#include "reference/textbook_outputs.h"

namespace exactbn {
namespace {

// Those of 8 bits have too few values to build on; exhaustive_test takes all.
constexpr std::array kFormats = {DType::f64, DType::f32, DType::f16,
                                 DType::bf16};

namespace mp = boost::multiprecision;
using Rational = mp::number<mp::cpp_rational_backend, mp::et_off>;
using Digits = mp::number<mp::cpp_bin_float<1000>, mp::et_off>;

Rational rational(const Dyadic& x) {
  const Integer power = Integer(1) << static_cast<unsigned>(std::abs(x.e));
  return x.e < 0 ? Rational(x.n, power) : Rational(x.n * power);
}

// Two neighbours of magnitudes `below` and below + 1, and what lies between.
struct Midpoint {
  DType dtype;
  std::uint64_t below;
  bool negative;

  std::uint64_t bits(bool upper) const {
    const std::uint64_t size = upper ? below + 1 : below;
    return negative ? size | format(dtype).sign_bit() : size;
  }
  double low() const { return to_double(bits(false), dtype); }
  double high() const { return to_double(bits(true), dtype); }
  double half_ulp() const { return (high() - low()) / 2; }
  Dyadic value() const { return dyadic(low()) + dyadic(half_ulp()); }
};

// Between normal numbers a few binades around 1.
Midpoint any_midpoint(Draw& draw, DType dtype) {
  const std::uint64_t bits = round_to(
      std::ldexp(1 + draw.unit(), static_cast<int>(draw.below(6)) - 3), dtype);
  return {dtype, bits, draw.below(2) == 0};
}

struct Nearest {
  std::int64_t log2_distance = 0;  // of the answer and the midpoint, relative
  int above = 0;                   // away from 0
  int below = 0;
};
using Tally = std::map<std::string, Nearest, std::less<>>;

// The answer lies beyond the midpoint, away from 0, or short of it.
void expect_side(const Problem& p, std::string_view output, std::int64_t i,
                 const Midpoint& m, bool beyond, Tally& tally) {
  require_valid(p);
  const std::uint64_t want = m.bits(beyond);
  const ExactBatchNorm exact(p);
  const Exact value = exact.at(output, i);
  const std::string what =
      std::string(output) + ' ' + std::string(format(m.dtype).name);
  ASSERT_EQ(value.kind, Exact::Kind::number);
  ASSERT_EQ(compare(value.value, m.value()), beyond != m.negative ? 1 : -1)
      << what;
  ASSERT_EQ(round_to(value, m.dtype), want) << what;
  ASSERT_EQ(rounded(exact, output, m.dtype).bits(i), want) << what;
  const Digits expected =
      Textbook<Digits>(p).outputs().at(output).reshaped()(i);
  ASSERT_EQ(nearest(expected, m.dtype), to_double(want, m.dtype)) << what;
  const std::int64_t distance = leading_exponent(value.value - m.value()) -
                                leading_exponent({m.value(), 0, 1, 1});
  ASSERT_LE(distance, -100) << what;
  Nearest& t = tally[what];
  ++(beyond ? t.above : t.below);
  t.log2_distance = std::min(t.log2_distance, distance);
}

void expect_both_sides(const Tally& tally) {
  EXPECT_EQ(tally.size(), kFormats.size());
  for (const auto& [what, t] : tally) {
    EXPECT_GT(t.above, 10) << what;
    EXPECT_GT(t.below, 10) << what;
    testing::Test::RecordProperty(what + " log2",
                                  std::to_string(t.log2_distance));
  }
}

// x = mean -+ d: xhat = d / sqrt(d^2 + eps) is short of 1 by eps / (2 d^2) and
// less, so that half an ulp times it is short of half an ulp, by as little as
// one likes.
TEST(HardCases, OfAnEpsilonThatIsNextToNothing) {
  Draw draw(1);
  Tally tally;
  for (int trial = 0; trial < 150; ++trial) {
    for (const DType dtype : kFormats) {
      const Midpoint m = any_midpoint(draw, dtype);
      const bool beyond = draw.below(2) == 0;
      const auto mean = static_cast<double>(draw.below(64));
      const double d = std::ldexp(1.0, static_cast<int>(draw.below(4)));
      Problem p;
      p.epsilon = std::ldexp(1.0, -static_cast<int>(100 + draw.below(975)));
      p.inputs["x"] =
          make_tensor(dtype, {2, 1}, std::vector{mean - d, mean + d});
      p.inputs["beta"] =
          make_tensor(dtype, {1}, std::vector{beyond ? m.high() : m.low()});
      p.inputs["gamma"] = make_tensor(
          dtype, {1}, std::vector{beyond ? -m.half_ulp() : m.half_ulp()});
      expect_side(p, "y", 1, m, beyond, tally);
      if (HasFatalFailure()) return;
    }
  }
  expect_both_sides(tally);
}

// x = (-a_1, a_1, -a_2, a_2, ...), of mean 0 and var = (a_1^2 + a_2^2 + ...)/n,
// and the two doubles between which eps would make var + eps = w.
struct Solved {
  std::vector<double> x;
  double eps_below = 0;
  double eps_above = 0;
};

// The largest value of the format whose square is at most r.
double root_below(const Rational& r, DType dtype) {
  const auto estimate = std::sqrt(static_cast<double>(r));
  std::uint64_t bits = round_to(estimate, dtype) + 1;
  const auto square = [&] {
    const Rational a(to_double(bits, dtype));
    return Rational(a * a);
  };
  while (square() > r) --bits;
  return to_double(bits, dtype);
}

// Square after square from what is left of w: each has precision - 1 bits and
// more of it, and eps the 52 bits after them.
Solved solve(const Rational& w, std::vector<double> a, std::size_t n,
             DType dtype) {
  Rational left = w * n;
  for (const double ai : a) left -= Rational(ai) * Rational(ai);
  while (a.size() < n) {
    const double next = root_below(left, dtype);
    left -= Rational(next) * Rational(next);
    a.push_back(next);
  }
  Solved s;
  for (const double ai : a) s.x.insert(s.x.end(), {-ai, ai});
  const Rational eps = left / n;
  s.eps_below = static_cast<double>(eps);
  constexpr double kInf = std::numeric_limits<double>::infinity();
  while (Rational(s.eps_below) > eps)
    s.eps_below = std::nextafter(s.eps_below, 0);
  while (Rational(std::nextafter(s.eps_below, kInf)) <= eps) {
    s.eps_below = std::nextafter(s.eps_below, kInf);
  }
  s.eps_above = std::nextafter(s.eps_below, kInf);
  // Nothing is left: w itself would be the answer, and y a tie.
  EXPECT_LT(Rational(s.eps_below), eps);
  return s;
}

// Pairs of values enough for 2^-100.
std::size_t pairs(DType dtype) {
  return 3 + 60 / static_cast<std::size_t>(format(dtype).precision - 1);
}

Problem with(const Solved& s, bool above, DType dtype) {
  Problem p;
  p.epsilon = above ? s.eps_above : s.eps_below;
  p.inputs["x"] = make_tensor(dtype, {std::ssize(s.x), 1}, s.x);
  return p;
}

// y = c where sqrt(w) = gamma a / (c - beta): nothing is small or special here.
TEST(HardCases, OfYFromAMidpoint) {
  Draw draw(2);
  Tally tally;
  for (int trial = 0; trial < 150; ++trial) {
    for (const DType dtype : kFormats) {
      const Midpoint m = any_midpoint(draw, dtype);
      const Rational c = rational(m.value());
      const auto nearby = [dtype](double value) {
        return to_double(round_to(value, dtype), dtype);
      };
      const double gamma = nearby(draw.sign() * (1 + draw.unit()));
      const double beta =
          nearby(static_cast<double>(c) - gamma * draw.between(0.5, 1.5));
      const double a = nearby(1000 * (1 + draw.unit()));
      const Rational root =
          Rational(gamma) * Rational(a) / (c - Rational(beta));
      ASSERT_GT(root, 0);
      const Solved s = solve(root * root, {a}, pairs(dtype), dtype);
      // With more of eps, y is nearer to beta.
      for (const bool above : {false, true}) {
        Problem p = with(s, above, dtype);
        p.inputs["gamma"] = make_tensor(dtype, {1}, std::vector{gamma});
        p.inputs["beta"] = make_tensor(dtype, {1}, std::vector{beta});
        const bool larger = (c > Rational(beta)) != above;
        expect_side(p, "y", 1, m, larger != m.negative, tally);
        if (HasFatalFailure()) return;
      }
    }
  }
  expect_both_sides(tally);
}

// invstd = c where w = 1/c^2.
TEST(HardCases, OfInvstdFromAMidpoint) {
  Draw draw(3);
  Tally tally;
  for (int trial = 0; trial < 150; ++trial) {
    for (const DType dtype : kFormats) {
      // The larger x, the more squares of x are above the quantum.
      Midpoint m = any_midpoint(draw, dtype);
      m.negative = false;
      m.below = round_to(std::ldexp(m.low(), -9), dtype);
      const Rational c = rational(m.value());
      const Solved s = solve(1 / (c * c), {}, pairs(dtype), dtype);
      for (const bool above : {false, true}) {
        expect_side(with(s, above, dtype), "invstd", 0, m, !above, tally);
        if (HasFatalFailure()) return;
      }
    }
  }
  expect_both_sides(tally);
}

}  // namespace
}  // namespace exactbn
