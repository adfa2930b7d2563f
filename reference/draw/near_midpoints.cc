// SPDX-License-Identifier: Apache-2.0
#include "reference/draw/near_midpoints.h"

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>

namespace exactbn {

namespace {

namespace mp = boost::multiprecision;
using Rational = mp::number<mp::cpp_rational_backend, mp::et_off>;

Rational rational(const Dyadic& x) {
  const Integer power = Integer(1) << static_cast<unsigned>(std::abs(x.e));
  return x.e < 0 ? Rational(x.n, power) : Rational(x.n * power);
}

// The midpoint of two normal numbers within a few binades of 1.
Midpoint midpoint_near_1(Draw& draw, DType dtype) {
  // One draw per statement: the compiler chooses the order within one.
  const double significand = 1 + draw.unit();
  const int exponent = static_cast<int>(draw.below(6)) - 3;
  const std::uint64_t bits = round_to(std::ldexp(significand, exponent), dtype);
  return {dtype, bits, draw.below(2) == 0};
}

// x = (-a_1, a_1, -a_2, a_2, ...) has mean 0 and var = (a_1^2 + a_2^2 + ...)/n.
// The eps with var + eps = w lies between the two doubles.
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

// Subtracts square after square from n w. Each gives at least precision - 1
// more bits, and eps the next 52.
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
  return s;
}

// Enough pairs of values for 2^-100.
std::size_t pairs(DType dtype) {
  return 3 + 60 / static_cast<std::size_t>(format(dtype).precision - 1);
}

Problem with(const Solved& s, bool above, DType dtype) {
  Problem p;
  p.epsilon = above ? s.eps_above : s.eps_below;
  p.inputs[Input::x] = make_tensor(dtype, {std::ssize(s.x), 1}, s.x);
  return p;
}

}  // namespace

// x = mean -+ d: xhat = d / sqrt(d^2 + eps) is at most eps / (2 d^2) below 1.
// So if gamma is half an ulp, gamma xhat falls short of it by as little as one
// likes.
std::vector<HardProblem> hard_by_epsilon(Draw& draw, DType dtype) {
  std::vector<HardProblem> problems;

  const Midpoint m = midpoint_near_1(draw, dtype);
  const bool beyond = draw.below(2) == 0;
  const auto mean = static_cast<double>(draw.below(64));
  const double d = std::ldexp(1.0, static_cast<int>(draw.below(4)));
  Problem p;
  p.epsilon = std::ldexp(1.0, -static_cast<int>(100 + draw.below(975)));
  p.inputs[Input::x] =
      make_tensor(dtype, {2, 1}, std::vector{mean - d, mean + d});
  p.inputs[Input::beta] =
      make_tensor(dtype, {1}, std::vector{beyond ? m.high() : m.low()});
  p.inputs[Input::gamma] = make_tensor(
      dtype, {1}, std::vector{beyond ? -m.half_ulp() : m.half_ulp()});
  problems.push_back({p, Output::y, 1, m, beyond});
  return problems;
}

// y = c if sqrt(w) = gamma a / (c - beta): nothing here is small or special.
std::vector<HardProblem> hard_y(Draw& draw, DType dtype) {
  std::vector<HardProblem> problems;

  const Midpoint m = midpoint_near_1(draw, dtype);
  const Rational c = rational(m.value());
  const auto nearby = [dtype](double value) {
    return to_double(round_to(value, dtype), dtype);
  };
  const double side = draw.sign();
  const double gamma = nearby(side * (1 + draw.unit()));
  const double beta =
      nearby(static_cast<double>(c) - gamma * draw.between(0.5, 1.5));
  const double a = nearby(1000 * (1 + draw.unit()));
  const Rational root = Rational(gamma) * Rational(a) / (c - Rational(beta));
  const Solved s = solve(root * root, {a}, pairs(dtype), dtype);
  // A larger eps brings y nearer to beta.
  for (const bool above : {false, true}) {
    Problem p = with(s, above, dtype);
    p.inputs[Input::gamma] = make_tensor(dtype, {1}, std::vector{gamma});
    p.inputs[Input::beta] = make_tensor(dtype, {1}, std::vector{beta});
    const bool larger = (c > Rational(beta)) != above;
    problems.push_back({p, Output::y, 1, m, larger != m.negative});
  }
  return problems;
}

// invstd = c if w = 1/c^2.
std::vector<HardProblem> hard_invstd(Draw& draw, DType dtype) {
  std::vector<HardProblem> problems;

  // The larger x, the more squares of x are above the quantum.
  Midpoint m = midpoint_near_1(draw, dtype);
  m.negative = false;
  m.below = round_to(std::ldexp(m.low(), -9), dtype);
  const Rational c = rational(m.value());
  const Solved s = solve(1 / (c * c), {}, pairs(dtype), dtype);
  for (const bool above : {false, true}) {
    problems.push_back({with(s, above, dtype), Output::invstd, 0, m, !above});
  }
  return problems;
}

}  // namespace exactbn
