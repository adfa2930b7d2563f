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
  ChannelSizes of;
  of.frozen = !normalizes_by_batch(problem.operation);
  of.m = static_cast<Wide>(view.count());
  of.gamma = size_of(Input::gamma);
  of.beta = size_of(Input::beta);
  if (const auto& along = traits(problem.operation).direction) {
    of.along_gamma = size_of(along->gamma);
    of.along_beta = size_of(along->beta);
  }
  of.running_mean = size_of(Input::running_mean);
  of.running_var = size_of(Input::running_var);
  of.weight = problem.momentum
                  ? static_cast<Wide>(*problem.momentum)
                  : 1 / (static_cast<Wide>(problem.batches_tracked) + 1);
  if (divisor == RunningVariance::unbiased && of.m > 1) {
    of.unbiased = of.m / (of.m - 1);
  }
  return of;
}

namespace cond {

Condition of_channel(Output output, const ChannelSizes& of) {
  switch (output) {
    case Output::dbeta:
      return dbeta(of);
    case Output::dgamma:
      return dgamma(of);
    case Output::grad_gamma:
      return grad_gamma(of);
    case Output::invstd:
      return invstd(of);
    case Output::mean:
      return mean(of);
    case Output::running_mean:
      return running_mean(of);
    case Output::var:
      return var(of);
    default:
      return running_var(of);
  }
}

ConditionForm of_values(Output output, const ChannelSizes& of) {
  if (output == Output::y) return y(of);
  if (output == Output::dx) return dx(of);
  if (output == Output::grad_x) return grad_x(of);
  return y_dot(of);  // or grad_dy, which is the same
}

Condition mean(const ChannelSizes& of) { return {of.a, 0, 1}; }

Condition var(const ChannelSizes& of) { return {2 * of.cov + of.v, of.x2, 1}; }

Condition invstd(const ChannelSizes& of) {
  return {of.s * (of.k + 1), 4 * of.s * of.kappa * of.kappa, 1 + of.s / of.w};
}

namespace {

// Of r and of r + weight (batch - r), whose difference is rounded.
Wide from_old(const ChannelSizes& of, Wide old) {
  return std::fabs(1 - of.weight) * old + std::fabs(of.weight) * old;
}

}  // namespace

Condition running_mean(const ChannelSizes& of) {
  return {from_old(of, of.running_mean) +
              std::fabs(of.weight) * (of.a + std::fabs(of.mean)),
          0, 2};
}

Condition running_var(const ChannelSizes& of) {
  const Wide factor = std::fabs(of.weight) * of.unbiased;
  return {from_old(of, of.running_var) + factor * (2 * of.cov + 2 * of.v),
          factor * of.x2, 2 + factor};
}

Condition dbeta(const ChannelSizes& of) { return {of.m * of.dy.size, 0, 1}; }

Condition dgamma(const ChannelSizes& of) {
  const Wide dgamma = of.m * of.dy.t;
  const Wide from_w = dgamma * of.k;
  const Wide from_mean = of.a * (of.frozen ? of.dy.size : of.dy.d);
  const Wide of_t = of.m * of.s * (of.dy.x + from_mean);
  return {of_t + of.m * of.dy.xhat + from_w + dgamma,
          4 * dgamma * of.kappa * of.kappa + 2 * of.kappa * of_t +
              of.m * moved_products(of, of.dy),
          1 + of.m * (of.s * (of.dy.d + 1) + of.dy.size) + dgamma / of.w};
}

ConditionForm y(const ChannelSizes& of) {
  return affine(of, of.gamma, of.beta);
}

ConditionForm dx(const ChannelSizes& of) {
  if (!of.frozen) return projected(of, of.dy, kDy, of.gamma);
  const Wide factor = of.gamma * of.s * (2 + of.k);
  return {factor * kDy, {}, 1 + kDy + of.gamma * (1 + kDy)};
}

ConditionForm affine(const ChannelSizes& of, Wide gamma, Wide beta) {
  const Magnitudes centred = of.s * (kX + of.a);
  return {gamma * (centred + (of.k + 1) * kXhat) + beta,
          gamma * (4 * of.kappa * of.kappa * kXhat + 2 * of.kappa * centred),
          1 + gamma * (1 + of.s + 1 / of.w * kXhat) + kX + of.a};
}

ConditionForm projected(const ChannelSizes& of, const ChannelSizes::Factor& f,
                        const Magnitudes& size, Wide gamma) {
  // What an implementation adds up, by magnitude: dy - D1/m - xhat t.
  const Magnitudes g = size + f.d + f.t * kXhat;
  // How far xhat and t move through x and the mean alone.
  const Magnitudes of_xhat = of.s * (kX + of.a);
  const Wide of_t = of.s * (f.x + f.d * of.a);
  const Magnitudes linear = (1 + of.k) * g + f.t * (of_xhat + of.k * kXhat) +
                            (of_t + f.t * of.k + f.xhat) * kXhat + size +
                            f.size;
  const Magnitudes quadratic = 23 * of.kappa * of.kappa * g +
                               8 * of.kappa * (f.t * of_xhat + of_t * kXhat) +
                               3 * of_t * of_xhat;
  const Magnitudes underflow =
      1 + size + gamma * of_xhat +
      gamma * (1 + of.s) * (1 + f.t + (1 + f.d) * kXhat) +
      gamma * of.s * of.s * (f.t + (f.d + f.t) * kXhat) +
      gamma * of.s / of.w * g;
  const Wide scale = gamma * of.s;
  return {scale * linear, scale * quadratic, underflow};
}

Wide moved_products(const ChannelSizes& of, const ChannelSizes::Factor& f) {
  return 2 * (of.s * (f.x + of.a * f.size) + of.kappa * f.xhat);
}

}  // namespace cond

}  // namespace exactbn
