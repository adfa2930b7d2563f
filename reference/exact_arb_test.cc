// SPDX-License-Identifier: Apache-2.0
// Compares the exact values with Arb's balls. They share no code: no sums, no
// formulas, no square root, no rounding.
#include <arb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "reference/exact.h"
#include "reference/testing/any_problem.h"
#include "reference/testing/trials.h"

namespace exactbn::exact_arb_test {
namespace {

constexpr slong kBits = 400;
constexpr int kTrials = trials(1020);  // per operation and format

// An arb_t that frees itself.
class Ball {
 public:
  Ball() { arb_init(ball_); }
  explicit Ball(double value) : Ball() { arb_set_d(ball_, value); }
  Ball(const Ball& other) : Ball() { arb_set(ball_, other.ball_); }
  Ball& operator=(const Ball& other) {
    arb_set(ball_, other.ball_);
    return *this;
  }
  ~Ball() { arb_clear(ball_); }

  friend Ball operator+(const Ball& a, const Ball& b) {
    Ball sum;
    arb_add(sum.ball_, a.ball_, b.ball_, kBits);
    return sum;
  }
  friend Ball operator-(const Ball& a, const Ball& b) {
    Ball difference;
    arb_sub(difference.ball_, a.ball_, b.ball_, kBits);
    return difference;
  }
  friend Ball operator*(const Ball& a, const Ball& b) {
    Ball product;
    arb_mul(product.ball_, a.ball_, b.ball_, kBits);
    return product;
  }
  friend Ball operator/(const Ball& a, const Ball& b) {
    Ball quotient;
    arb_div(quotient.ball_, a.ball_, b.ball_, kBits);
    return quotient;
  }
  friend Ball invsqrt(const Ball& a) {
    Ball result;
    arb_rsqrt(result.ball_, a.ball_, kBits);
    return result;
  }

  bool finite() const { return arb_is_finite(ball_) != 0; }
  // Whether the exact number lies in the ball.
  bool contains(const Surd& s) const {
    return compare(s, end(arb_get_lbound_arf)) >= 0 &&
           compare(s, end(arb_get_ubound_arf)) <= 0;
  }
  // Whether the ball is accurate to 100 bits, or its radius is below 2^-1100.
  bool sharp() const {
    return arb_rel_accuracy_bits(ball_) > 100 ||
           mag_cmp_2exp_si(arb_radref(ball_), -1100) < 0;
  }

 private:
  Dyadic end(void (*bound)(arf_t, const arb_t, slong)) const {
    arf_t at;
    arf_init(at);
    bound(at, ball_, kBits + 50);
    fmpz_t n;
    fmpz_t e;
    fmpz_init(n);
    fmpz_init(e);
    arf_get_fmpz_2exp(n, e, at);
    // Not via decimal digits: g++ 12 sees an overflow in Boost's parser.
    std::vector<ulong> limbs(static_cast<std::size_t>(fmpz_size(n)) + 1);
    const int sgn = fmpz_sgn(n);
    fmpz_abs(n, n);
    fmpz_get_ui_array(limbs.data(), std::ssize(limbs), n);
    Dyadic result{0, fmpz_get_si(e)};
    for (auto limb = limbs.rbegin(); limb != limbs.rend(); ++limb) {
      result.n = (result.n << 64) + *limb;
    }
    if (sgn < 0) result.n = -result.n;
    fmpz_clear(n);
    fmpz_clear(e);
    arf_clear(at);
    return result;
  }

  arb_t ball_;
};

using Balls = std::vector<Ball>;

Balls balls(const Problem& p, Input name, std::int64_t c) {
  const Tensor* tensor = p.find(name);
  const ChannelView view = p.view();
  Balls values;
  for (std::int64_t k = 0; k < view.count(); ++k) {
    values.emplace_back(tensor ? tensor->value(view.offset(c, k)) : 0);
  }
  return values;
}

Ball parameter(const Problem& p, Input name, std::int64_t c) {
  return Ball(p.parameter(name, c));
}

Ball mean_product(const Balls& a, const Balls& b) {
  Ball sum;
  for (std::size_t i = 0; i < a.size(); ++i) sum = sum + a[i] * b[i];
  return sum / Ball(static_cast<double>(a.size()));
}

Balls centred(const Balls& a) {
  const Ball mean = mean_product(a, Balls(a.size(), Ball(1)));
  Balls result;
  for (const Ball& ai : a) result.push_back(ai - mean);
  return result;
}

// The outputs of one channel, from the definitions: centred values first.
using Outputs = std::map<Output, Balls>;

struct Normalized {
  Balls x;
  Ball mean;
  Ball var;
  Ball invstd;
};

Normalized normalize(const Problem& p, std::int64_t c) {
  Normalized n;
  const Balls x = balls(p, Input::x, c);
  if (normalizes_by_batch(p.operation)) {
    n.x = centred(x);
    n.mean = x[0] - n.x[0];
    n.var = mean_product(n.x, n.x);
  } else {
    n.mean = parameter(p, Input::running_mean, c);
    n.var = parameter(p, Input::running_var, c);
    for (const Ball& xi : x) n.x.push_back(xi - n.mean);
  }
  n.invstd = invsqrt(n.var + Ball(p.epsilon));
  return n;
}

// J u, the change of xhat along u. The Jacobian of xhat with respect to x is
// symmetric,
//   J = (I - 11^T/m - xhat xhat^T/m) / sqrt(w).
Balls jacobian_times(const Normalized& n, const Balls& u) {
  const Balls moved = centred(u);
  const Ball turn = mean_product(n.x, u) * n.invstd * n.invstd;
  Balls out;
  for (std::size_t i = 0; i < u.size(); ++i) {
    out.push_back((moved[i] - n.x[i] * turn) * n.invstd);
  }
  return out;
}

// d/dt of gamma xhat + beta along (u, gamma', beta').
Balls derivative(const Normalized& n, const Balls& u, const Ball& gamma,
                 const Ball& gamma_dot, const Ball& beta_dot) {
  const Balls xhat_dot = jacobian_times(n, u);
  Balls out;
  for (std::size_t i = 0; i < u.size(); ++i) {
    out.push_back(gamma_dot * n.x[i] * n.invstd + beta_dot +
                  gamma * xhat_dot[i]);
  }
  return out;
}

Ball average(const Problem& p, const Ball& old, const Ball& batch) {
  if (p.momentum) {
    return (Ball(1) - Ball(*p.momentum)) * old + Ball(*p.momentum) * batch;
  }
  const Ball n(static_cast<double>(p.batches_tracked));
  return (n * old + batch) / (n + Ball(1));
}

Outputs forward(const Problem& p, std::int64_t c, const Normalized& n) {
  const Ball gamma = parameter(p, Input::gamma, c);
  const Ball beta = parameter(p, Input::beta, c);
  Outputs out;
  for (const Ball& d : n.x) {
    out[Output::y].push_back(gamma * d * n.invstd + beta);
  }
  if (normalizes_by_batch(p.operation)) {
    const auto m = static_cast<double>(n.x.size());
    const Ball old = parameter(p, Input::running_var, c);
    out[Output::mean] = {n.mean};
    out[Output::var] = {n.var};
    out[Output::invstd] = {n.invstd};
    out[Output::running_mean] = {
        average(p, parameter(p, Input::running_mean, c), n.mean)};
    out[Output::running_var] = {average(p, old, n.var * Ball(m) / Ball(m - 1))};
    out[Output::running_var_biased] = {average(p, old, n.var)};
  }
  return out;
}

Outputs backward(const Problem& p, std::int64_t c, const Normalized& n) {
  const Ball gamma = parameter(p, Input::gamma, c);
  const Balls dy = balls(p, Input::dy, c);
  const Ball m(static_cast<double>(dy.size()));
  Outputs out;
  out[Output::dgamma] = {mean_product(dy, n.x) * m * n.invstd};
  out[Output::dbeta] = {mean_product(dy, Balls(dy.size(), Ball(1))) * m};
  if (normalizes_by_batch(p.operation)) {
    out[Output::dx] = derivative(n, dy, gamma, Ball(0), Ball(0));
  } else {
    for (const Ball& g : dy) out[Output::dx].push_back(gamma * g * n.invstd);
  }
  return out;
}

// The gradients of L = sum dy_i (gamma' xhat_i + beta' + gamma (J u)_i). The
// gradient of s = 1/sqrt(w) is -s^2 xhat/m, and J a is the gradient of sum a_i
// xhat_i. L contains J twice, so
//   dL/dx = gamma' J dy
//           - gamma s [xhat mean(dy J u) + J dy mean(xhat u)
//                      + J u mean(xhat dy)].
Outputs double_backward(const Problem& p, std::int64_t c, const Normalized& n) {
  const Ball gamma = parameter(p, Input::gamma, c);
  const Ball gamma_dot = parameter(p, Input::ddgamma, c);
  const Ball beta_dot = parameter(p, Input::ddbeta, c);
  const Balls dy = balls(p, Input::dy, c);
  const Balls u = balls(p, Input::ddx, c);
  const Balls j_dy = jacobian_times(n, dy);
  const Balls j_u = jacobian_times(n, u);
  const Ball dy_j_u = mean_product(dy, j_u);
  const Ball xhat_u = mean_product(n.x, u) * n.invstd;
  const Ball xhat_dy = mean_product(n.x, dy) * n.invstd;
  Outputs out;
  out[Output::grad_dy] = derivative(n, u, gamma, gamma_dot, beta_dot);
  out[Output::grad_gamma] = {dy_j_u * Ball(static_cast<double>(dy.size()))};
  for (std::size_t i = 0; i < dy.size(); ++i) {
    const Ball turn =
        n.x[i] * n.invstd * dy_j_u + j_dy[i] * xhat_u + j_u[i] * xhat_dy;
    out[Output::grad_x].push_back(gamma_dot * j_dy[i] -
                                  gamma * n.invstd * turn);
  }
  return out;
}

Outputs outputs_of(const Problem& p, std::int64_t c) {
  const Normalized n = normalize(p, c);
  switch (p.operation) {
    case Operation::forward_training:
    case Operation::forward_inference:
      return forward(p, c, n);
    case Operation::backward_training:
    case Operation::backward_inference:
      return backward(p, c, n);
    case Operation::jvp_training:
      return {{Output::y_dot, derivative(n, balls(p, Input::x_dot, c),
                                         parameter(p, Input::gamma, c),
                                         parameter(p, Input::gamma_dot, c),
                                         parameter(p, Input::beta_dot, c))}};
    case Operation::double_backward_training:
      break;
  }
  return double_backward(p, c, n);
}

Problem any_values(Draw& draw, Operation operation, DType dtype) {
  Problem p;
  p.operation = operation;
  const auto m = static_cast<std::int64_t>(2 + draw.below(30));
  const double offset = draw.normal() * 8;
  p.epsilon = draw.below(3) == 0 ? 0 : std::ldexp(draw.unit(), -20);
  each_input(operation, [&](Input name) {
    const int scale = static_cast<int>(draw.below(12)) - 6;
    const auto bits = [&](Draw& each, DType of) {
      if (each.below(16) == 0) return draw_bits(each, of);
      return round_to(std::ldexp(each.normal() + offset, scale), of);
    };
    const Shape shape = shaped_like_x(name) ? Shape{m, 2} : Shape{2};
    const Tensor t = drawn(draw, dtype, shape, bits);
    p.inputs[name] = name == Input::running_var ? magnitudes(t) : t;
  });
  if (draw.below(4) != 0) p.momentum = draw.unit();
  p.batches_tracked = static_cast<std::int64_t>(draw.below(5));
  return p;
}

// How many values were in their balls, and how many balls were sharp.
struct Count {
  std::int64_t values = 0;
  std::int64_t sharp = 0;
};

void expect_in_balls(const ExactBatchNorm& exact, std::int64_t c,
                     std::map<Output, Count>& counts) {
  const Problem& p = exact.problem();
  const ChannelView view = p.view();
  for (const auto& [name, expected] : outputs_of(p, c)) {
    Count& count = counts[name];
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const std::int64_t i = shaped_like_x(name)
                                 ? view.offset(c, static_cast<std::int64_t>(k))
                                 : c;
      const Exact value = exact.at(name, i);
      if (value.kind != Exact::Kind::number) continue;
      if (!expected[k].finite()) continue;
      ++count.values;
      if (expected[k].sharp()) ++count.sharp;
      ASSERT_TRUE(expected[k].contains(value.value))
          << to_string(p.operation) << ' ' << format(p.x().dtype()).name << ' '
          << name << '[' << i << ']';
    }
  }
}

TEST(Exact, LiesInTheBallsOfArb) {
  Draw draw(31);
  std::map<Output, Count> counts;
  for (int trial = 0; trial < kTrials; ++trial) {
    for (const Operation operation : kOperations) {
      for (const DType dtype : kDTypes) {
        const Problem p = any_values(draw, operation, dtype);
        const ExactBatchNorm exact(p);
        for (std::int64_t c = 0; c < p.view().channels; ++c) {
          expect_in_balls(exact, c, counts);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
  std::int64_t values = 0;
  for (const auto& [name, count] : counts) {
    values += count.values;
    RecordProperty(std::string(to_string(name)), std::to_string(count.values));
    // A very wide ball proves nothing.
    EXPECT_GT(count.sharp, count.values / 2) << name;
  }
  RecordProperty("values", std::to_string(values));
  EXPECT_GT(values, trials(1'000'000));
  // Every output of every operation.
  for (const Operation operation : kOperations) {
    const Problem p = any_values(draw, operation, DType::f32);
    for (const Output name : output_names(p)) {
      EXPECT_TRUE(counts.contains(name)) << name;
    }
  }
  EXPECT_TRUE(counts.contains(Output::running_var_biased));
  flint_cleanup();
}

}  // namespace
}  // namespace exactbn::exact_arb_test
