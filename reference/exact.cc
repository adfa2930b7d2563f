// SPDX-License-Identifier: Apache-2.0
#include "reference/exact.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "reference/exact/backward.h"
#include "reference/exact/forward.h"
#include "reference/exact/running.h"
#include "reference/parallel_for.h"

namespace exactbn {

namespace {

using Kind = Exact::Kind;

// IEEE arithmetic on NaN, infinities, zero and "some number", represented by
// its sign. This is enough to find which special value a formula gives.
double special(double value) {
  return std::isfinite(value) ? (value > 0 ? 1 : value < 0 ? -1 : 0) : value;
}

Exact from_special(double value) {
  if (std::isnan(value)) return {Kind::nan, {}};
  return {value > 0 ? Kind::plus_infinity : Kind::minus_infinity, {}};
}

Exact number(Surd value) { return {Kind::number, std::move(value)}; }

}  // namespace

std::uint64_t round_to(const Exact& exact, DType dtype) {
  const Format f = format(dtype);
  if (exact.kind == Kind::number) return round_to(exact.value, dtype);
  if (exact.kind == Kind::plus_infinity) return f.overflow();
  if (exact.kind == Kind::minus_infinity) return f.sign_bit() | f.overflow();
  return f.quiet_nan();
}

ExactBatchNorm::ExactBatchNorm(const Problem& problem)
    : ExactBatchNorm(problem, OnDemand()) {
  sum({0, view_.channels});
}

ExactBatchNorm::ExactBatchNorm(const Problem& problem, OnDemand)
    : problem_(problem),
      view_(problem.view()),
      by_batch_(normalizes_by_batch(problem.operation)),
      states_(static_cast<std::size_t>(view_.channels)),
      summed_(view_.channels) {}

void ExactBatchNorm::sum(const Channels& channels) const {
  const StandardEnvironment environment;
  summed_(channels, [this](const Channels& run) { add_sums(run); });
}

void ExactBatchNorm::add_sums(const Channels& channels) const {
  State* const states = states_.data() + channels.first;
  const Tensor* dy = problem_.find(Input::dy);
  if (problem_.operation != Operation::forward_inference) {
    auto sums = channel_sums(problem_.x(), dy, view_, channels);
    for (std::size_t c = 0; c < sums.size(); ++c) {
      states[c].exact.sums = std::move(sums[c]);
    }
  }
  if (const Tensor* u = direction()) {
    const auto moved = direction_sums(*u, problem_.x(), dy, view_, channels);
    for (std::size_t c = 0; c < moved.size(); ++c) {
      states[c].along.sums = moved[c];
    }
  }
  const bool parallel = channels.count * view_.count() > kParallel;
  parallel_for(channels.count, parallel, [&](std::int64_t c) {
    set_state(states[c], channels.first + c);
  });
}

void ExactBatchNorm::set_state(State& state, std::int64_t c) const {
  Channel& ch = state.exact;
  ch.m = view_.count();
  const Dyadic epsilon = dyadic(problem_.epsilon);
  if (by_batch_) {
    state.statistics_finite = ch.sums.x_finite;
    if (state.statistics_finite) normalize_by_batch(ch, epsilon);
  } else {
    const Tensor& mean = problem_.inputs.at(Input::running_mean);
    const Tensor& variance = problem_.inputs.at(Input::running_var);
    state.statistics_finite = mean.finite(c) && variance.finite(c);
    if (state.statistics_finite) {
      normalize_by(ch, mean.exact(c), variance.exact(c), epsilon);
    }
  }
  const double gamma = problem_.parameter(Input::gamma, c);
  const double beta = problem_.parameter(Input::beta, c);
  state.parameters_finite = std::isfinite(gamma) && std::isfinite(beta);
  if (state.parameters_finite) {
    ch.gamma = dyadic(gamma);
    ch.beta = dyadic(beta);
  }
  add_direction(state, c);
}

bool ExactBatchNorm::inputs_finite(std::int64_t c) const {
  const State& s = state(c);
  return parameters_finite(c) && s.exact.sums.x_finite &&
         s.exact.sums.dy_finite && s.along.sums.finite;
}

bool ExactBatchNorm::parameters_finite(std::int64_t c) const {
  const State& s = state(c);
  return s.statistics_finite && s.parameters_finite && s.along_gamma_finite &&
         s.along_beta_finite;
}

void ExactBatchNorm::require_output(Output output) const {
  const std::optional<Input> updates = traits(output).updates;
  const bool listed = output == Output::running_var_biased
                          ? problem_.operation == Operation::forward_training
                          : traits(problem_.operation).outputs.contains(output);
  if (!listed || (updates && !problem_.find(*updates))) {
    throw std::invalid_argument(std::string(to_string(problem_.operation)) +
                                " has no output " +
                                std::string(to_string(output)));
  }
}

Exact ExactBatchNorm::at(Output output, std::int64_t i) const {
  const StandardEnvironment environment;
  require_output(output);
  switch (output) {
    case Output::dbeta:
      return dbeta(i);
    case Output::dgamma:
      return dgamma(i);
    case Output::dx:
      return dx(i, view_.channel(i));
    case Output::grad_gamma:
      return grad_gamma(i);
    case Output::grad_x:
      return grad_x(i, view_.channel(i));
    case Output::grad_dy:
    case Output::y_dot:
      return y_dot(i, view_.channel(i));
    case Output::invstd:
    case Output::mean:
    case Output::var:
      return statistic(output, i);
    case Output::running_mean:
      return running_mean(i);
    case Output::running_var:
      return running_var(i, true);
    case Output::running_var_biased:
      return running_var(i, false);
    case Output::y:
      break;
  }
  return y(i, view_.channel(i));
}

Tensor ExactBatchNorm::rounded(Output output, DType dtype) const {
  const StandardEnvironment environment;
  require_output(output);
  Tensor tensor(dtype, shape_of(problem_, output));
  constexpr std::int64_t kChunk = 64;
  parallel_for({tensor.size(), tensor.size() > kParallel, kChunk},
               [&](std::int64_t i) {
                 tensor.set_bits(i, round_to(at(output, i), dtype));
               });
  return tensor;
}

Exact ExactBatchNorm::statistic(Output output, std::int64_t c) const {
  const Channel& ch = channel(c);
  if (!state(c).statistics_finite) {
    return {output == Output::mean ? Kind::nonfinite : Kind::nan, {}};
  }
  if (output == Output::mean) return number(mean(ch));
  if (output == Output::var) return number(variance(ch));
  if (ch.root.sign() == 0) return {Kind::division_by_zero, {}};
  return number(invstd(ch));
}

double ExactBatchNorm::ieee_invstd(std::int64_t c) const {
  if (state(c).statistics_finite) {
    return channel(c).root.sign() == 0 ? std::numeric_limits<double>::infinity()
                                       : 1;
  }
  if (by_batch_) return std::numeric_limits<double>::quiet_NaN();
  const double variance = problem_.parameter(Input::running_var, c);
  return std::isfinite(variance) ? 1 : 1 / variance;
}

Exact ExactBatchNorm::y(std::int64_t i, std::int64_t c) const {
  const State& s = state(c);
  const Tensor& x = problem_.x();
  if (!s.statistics_finite || !s.parameters_finite || !x.finite(i)) {
    return y_ieee(i, c);
  }
  if (s.exact.root.sign() > 0) return number(y_of(s.exact, x.exact(i)));
  // x - mean = 0 gives 0/0. Other differences, which only frozen statistics
  // allow, give an infinity, or NaN if an implementation folds gamma / sqrt(w)
  // first.
  const Dyadic q =
      s.exact.gamma * (s.exact.scale * x.exact(i) - s.exact.centre);
  return {q.sign() == 0 ? Kind::division_by_zero : Kind::nonfinite, {}};
}

Exact ExactBatchNorm::y_ieee(std::int64_t i, std::int64_t c) const {
  const State& s = state(c);
  const double gamma = problem_.parameter(Input::gamma, c);
  const double beta = problem_.parameter(Input::beta, c);
  double centred = std::numeric_limits<double>::quiet_NaN();
  if (!by_batch_) {
    centred =
        problem_.x().value(i) - problem_.parameter(Input::running_mean, c);
  } else if (s.statistics_finite) {
    const Dyadic& x = problem_.x().exact(i);
    centred = (s.exact.scale * x - s.exact.centre).sign();
  }
  const double xhat = special(centred) * ieee_invstd(c);
  const double value = special(gamma) * xhat + special(beta);
  // An infinite running variance makes xhat 0.
  return std::isfinite(value) ? number({dyadic(beta), 0, 1, 1})
                              : from_special(value);
}

Exact ExactBatchNorm::dx(std::int64_t i, std::int64_t c) const {
  const State& s = state(c);
  const Channel& ch = s.exact;
  if (!by_batch_) return dx_frozen(i, c);
  if (!s.statistics_finite) return {Kind::nan, {}};
  if (!s.parameters_finite || !ch.sums.dy_finite) return {Kind::nonfinite, {}};
  if (ch.root.sign() == 0) return {Kind::division_by_zero, {}};
  const Tensor& dy = problem_.inputs.at(Input::dy);
  return number(dx_by_batch(ch, problem_.x().exact(i), dy.exact(i)));
}

Exact ExactBatchNorm::dx_frozen(std::int64_t i, std::int64_t c) const {
  // gamma dy / sqrt(w): neither x nor the mean enters.
  const double gamma = problem_.parameter(Input::gamma, c);
  const double dy = problem_.inputs.at(Input::dy).value(i);
  const double variance = problem_.parameter(Input::running_var, c);
  if (!std::isfinite(gamma) || !std::isfinite(dy) || !std::isfinite(variance)) {
    const double invstd = std::isfinite(variance) ? 1 : 1 / variance;
    const double value = special(gamma) * special(dy) * invstd;
    return std::isfinite(value) ? number({}) : from_special(value);
  }
  const Dyadic q = dyadic(gamma) * dyadic(dy);
  const Dyadic root = dyadic(variance) + dyadic(problem_.epsilon);
  if (root.sign() > 0) return number({0, q, root, 1});
  return {q.sign() == 0 ? Kind::division_by_zero : Kind::nonfinite, {}};
}

Exact ExactBatchNorm::dbeta(std::int64_t c) const {
  const Channel& ch = channel(c);
  return ch.sums.dy_finite ? number(exactbn::dbeta(ch))
                           : Exact{Kind::nonfinite, {}};
}

Exact ExactBatchNorm::dgamma(std::int64_t c) const {
  const State& s = state(c);
  const Channel& ch = s.exact;
  if (by_batch_ && !s.statistics_finite) return {Kind::nan, {}};
  if (!ch.sums.x_finite || !ch.sums.dy_finite || !s.statistics_finite) {
    return {Kind::nonfinite, {}};
  }
  if (ch.root.sign() > 0) return number(exactbn::dgamma(ch));
  return {t_of(ch).p.sign() == 0 ? Kind::division_by_zero : Kind::nonfinite,
          {}};
}

Exact ExactBatchNorm::running_mean(std::int64_t c) const {
  const Tensor& old = problem_.inputs.at(Input::running_mean);
  if (!state(c).statistics_finite || !old.finite(c)) {
    return {Kind::nonfinite, {}};
  }
  return number(exactbn::running_mean(
      channel(c), old.exact(c),
      new_batch_weight(problem_.momentum, problem_.batches_tracked)));
}

Exact ExactBatchNorm::running_var(std::int64_t c, bool unbiased) const {
  const Tensor& old = problem_.inputs.at(Input::running_var);
  const Weight weight =
      new_batch_weight(problem_.momentum, problem_.batches_tracked);
  if (unbiased && view_.count() == 1) return {Kind::unbiased_of_one, {}};
  if (!state(c).statistics_finite) return {Kind::nan, {}};
  if (!old.finite(c)) return {Kind::nonfinite, {}};
  return number(unbiased
                    ? running_var_unbiased(channel(c), old.exact(c), weight)
                    : running_var_biased(channel(c), old.exact(c), weight));
}

}  // namespace exactbn
