// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/condition.h"

#include <cmath>
#include <limits>

namespace exactbn {

Magnitudes operator+(const Magnitudes& a, const Magnitudes& b) {
  return {a.one + b.one, a.x + b.x, a.xhat + b.xhat, a.dy + b.dy, a.u + b.u};
}

Magnitudes operator*(Wide a, const Magnitudes& b) {
  return {a * b.one, a * b.x, a * b.xhat, a * b.dy, a * b.u};
}

ConditionForm operator+(const ConditionForm& a, const ConditionForm& b) {
  return {a.linear + b.linear, a.quadratic + b.quadratic,
          a.underflow + b.underflow};
}

Wide backward_error(Wide error, Wide half_ulp, const Condition& condition,
                    Wide u, Wide lambda) {
  const Wide excess = std::fabs(error) - half_ulp;
  if (excess <= 0) return 0;
  const Wide b = u * condition.linear + lambda * condition.underflow;
  const Wide a = u * u * condition.quadratic;
  if (a == 0 && b == 0) return std::numeric_limits<Wide>::infinity();
  // The positive root of a eta^2 + b eta = excess, without cancellation.
  return 2 * excess / (b + std::sqrt(b * b + 4 * a * excess));
}

ChannelSizes parameter_sizes(const Problem& problem, const ChannelView& view,
                             RunningVariance divisor, std::int64_t channel) {
  const auto size_of = [&](Input parameter) {
    return std::fabs(Wide{problem.parameter(parameter, channel)});
  };
  ChannelSizes ch;
  ch.frozen = !normalizes_by_batch(problem.operation);
  ch.m = static_cast<Wide>(view.count());
  ch.gamma = size_of(Input::gamma);
  ch.beta = size_of(Input::beta);
  if (const auto& along = traits(problem.operation).direction) {
    ch.along_gamma = size_of(along->gamma);
    ch.along_beta = size_of(along->beta);
  }
  ch.running_mean = size_of(Input::running_mean);
  ch.running_var = size_of(Input::running_var);
  ch.weight = problem.momentum
                  ? static_cast<Wide>(*problem.momentum)
                  : 1 / (static_cast<Wide>(problem.batches_tracked) + 1);
  if (divisor == RunningVariance::unbiased && ch.m > 1) {
    ch.unbiased = ch.m / (ch.m - 1);
  }
  return ch;
}

namespace cond {

Condition of_channel(Output output, const ChannelSizes& ch) {
  switch (output) {
    case Output::dbeta:
      return dbeta(ch);
    case Output::dgamma:
      return dgamma(ch);
    case Output::grad_gamma:
      return grad_gamma(ch);
    case Output::invstd:
      return invstd(ch);
    case Output::mean:
      return mean(ch);
    case Output::running_mean:
      return running_mean(ch);
    case Output::var:
      return var(ch);
    default:
      return running_var(ch);
  }
}

ConditionForm of_values(Output output, const ChannelSizes& ch) {
  if (output == Output::y) return y(ch);
  if (output == Output::dx) return dx(ch);
  if (output == Output::grad_x) return grad_x(ch);
  return y_dot(ch);  // grad_dy has the same
}

Condition mean(const ChannelSizes& ch) { return {ch.a, 0, 1}; }

Condition var(const ChannelSizes& ch) { return {2 * ch.cov + ch.v, ch.x2, 1}; }

Condition invstd(const ChannelSizes& ch) {
  return {ch.s * (ch.k + 1), 4 * ch.s * ch.kappa * ch.kappa, 1 + ch.s / ch.w};
}

namespace {

// Covers (1 - weight) r + weight batch and r + weight (batch - r), which rounds
// the difference.
Wide from_old(const ChannelSizes& ch, Wide old) {
  return std::fabs(1 - ch.weight) * old + std::fabs(ch.weight) * old;
}

// By what an underflow in w moves 1/w relative to itself. With frozen
// statistics w is a sum of two inputs, and sums do not underflow.
Wide per_w(const ChannelSizes& ch) { return ch.frozen ? 0 : 1 / ch.w; }

}  // namespace

Condition running_mean(const ChannelSizes& ch) {
  return {from_old(ch, ch.running_mean) +
              std::fabs(ch.weight) * (ch.a + std::fabs(ch.mean)),
          0, 2};
}

Condition running_var(const ChannelSizes& ch) {
  const Wide factor = std::fabs(ch.weight) * ch.unbiased;
  return {from_old(ch, ch.running_var) + factor * (2 * ch.cov + 2 * ch.v),
          factor * ch.x2, 2 + factor};
}

Condition dbeta(const ChannelSizes& ch) { return {ch.m * ch.dy.size, 0, 1}; }

Condition dgamma(const ChannelSizes& ch) {
  const Wide dgamma = ch.m * ch.dy.t;
  const Wide from_w = dgamma * ch.k;
  const Wide from_mean = ch.a * (ch.frozen ? ch.dy.size : ch.dy.d);
  const Wide of_t = ch.m * ch.s * (ch.dy.x + from_mean);
  return {of_t + ch.m * ch.dy.xhat + from_w + dgamma,
          4 * dgamma * ch.kappa * ch.kappa + 2 * ch.kappa * of_t +
              ch.m * moved_products(ch, ch.dy),
          1 + ch.m * (ch.s * (ch.dy.d + 1) + ch.dy.size) + dgamma * per_w(ch)};
}

ConditionForm y(const ChannelSizes& ch) {
  return affine(ch, ch.gamma, ch.beta);
}

ConditionForm dx(const ChannelSizes& ch) {
  if (!ch.frozen) return projected(ch, ch.dy, kDy, ch.gamma);
  const Wide factor = ch.gamma * ch.s * (2 + ch.k);
  return {factor * kDy, {}, 1 + kDy + ch.gamma * (1 + kDy)};
}

ConditionForm affine(const ChannelSizes& ch, Wide gamma, Wide beta) {
  const Magnitudes centred = ch.s * (kX + ch.a);
  return {gamma * (centred + (ch.k + 1) * kXhat) + beta,
          gamma * (4 * ch.kappa * ch.kappa * kXhat + 2 * ch.kappa * centred),
          1 + gamma * (1 + ch.s + per_w(ch) * kXhat) + kX + ch.a};
}

ConditionForm projected(const ChannelSizes& ch, const ChannelSizes::Factor& f,
                        const Magnitudes& size, Wide gamma) {
  // The magnitudes of the terms of dy - D1/m - xhat t, which implementations
  // add.
  const Magnitudes g = size + f.d + f.t * kXhat;
  // How far xhat and t move through x and the mean, with w fixed.
  const Magnitudes of_xhat = ch.s * (kX + ch.a);
  const Wide of_t = ch.s * (f.x + f.d * ch.a);
  const Magnitudes linear = (1 + ch.k) * g + f.t * (of_xhat + ch.k * kXhat) +
                            (of_t + f.t * ch.k + f.xhat) * kXhat + size +
                            f.size;
  const Magnitudes quadratic = 23 * ch.kappa * ch.kappa * g +
                               8 * ch.kappa * (f.t * of_xhat + of_t * kXhat) +
                               3 * of_t * of_xhat;
  const Magnitudes underflow =
      1 + g + gamma * of_xhat +
      gamma * (1 + ch.s) * (1 + f.t + (1 + f.d) * kXhat) +
      gamma * ch.s * ch.s * (f.t + (f.d + f.t) * kXhat) +
      gamma * ch.s / ch.w * g;
  const Wide scale = gamma * ch.s;
  return {scale * linear, scale * quadratic, underflow};
}

Wide moved_products(const ChannelSizes& ch, const ChannelSizes::Factor& f) {
  return 2 * (ch.s * (f.x + ch.a * f.size) + ch.kappa * f.xhat);
}

}  // namespace cond

}  // namespace exactbn
