// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/condition.h"

#include <algorithm>
#include <cmath>

#include "reference/exact/backward.h"
#include "reference/exact/forward.h"

namespace exactbn {

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

namespace {

const Tensor* direction_of(const Problem& problem) {
  const Tensor* u = problem.find(Input::x_dot);
  return u ? u : problem.find(Input::ddx);
}

Wide size_of(const Tensor* tensor, std::int64_t i) {
  return tensor ? std::fabs(static_cast<Wide>(tensor->value(i))) : 0;
}

}  // namespace

Conditions::Conditions(const Problem& problem, const ExactBatchNorm& exact,
                       RunningVariance divisor)
    : problem_(problem),
      exact_(exact),
      x_(problem.x()),
      dy_(problem.find(Input::dy)),
      u_(direction_of(problem)),
      view_(problem.view()),
      divisor_(divisor),
      frozen_(!normalizes_by_batch(problem.operation)),
      channels_(static_cast<std::size_t>(view_.channels)),
      whole_(channels_.size()),
      groups_(channels_.size()),
      summed_(std::make_unique<std::once_flag[]>(channels_.size())) {}

void Conditions::prepare(const Channels& channels) {
  std::vector<WideStatistics> statistics;
  for (std::int64_t i = 0; i < channels.count; ++i) {
    statistics.push_back(exact_statistics(channels.first + i));
  }
  prepare(channels, statistics);
  for (std::int64_t i = 0; i < channels.count; ++i) {
    const std::int64_t c = channels.first + i;
    add_direction(channels_[static_cast<std::size_t>(c)], c);
  }
}

void Conditions::prepare(const Channels& channels,
                         std::span<const WideStatistics> statistics) {
  for (std::int64_t i = 0; i < channels.count; ++i) {
    const std::int64_t c = channels.first + i;
    const auto at = static_cast<std::size_t>(c);
    channels_[at] = channel(c, statistics[static_cast<std::size_t>(i)]);
    groups_[at] = group_of(c, channels);
  }
}

const Conditions::Channel& Conditions::whole(std::int64_t c) const {
  const Channels& group = groups_[static_cast<std::size_t>(c)];
  std::call_once(summed_[static_cast<std::size_t>(group.first)],
                 [&] { add_magnitudes(group); });
  return whole_[static_cast<std::size_t>(c)];
}

Magnitudes Conditions::magnitudes(const Channel& ch, std::int64_t i) const {
  return {1, size_of(&x_, i), xhat(ch, i), size_of(dy_, i), size_of(u_, i)};
}

Wide Conditions::xhat(const Channel& ch, std::int64_t i) const {
  return std::fabs(x_.value(i) - ch.mean) * ch.s;
}

WideStatistics Conditions::exact_statistics(std::int64_t c) const {
  WideStatistics of;
  const exactbn::Channel& exact = exact_.channel(c);
  const auto m = static_cast<Wide>(view_.count());
  of.x2 = approximate({exact.sums.s2, 0, 1, 1}) / m;
  of.d = std::fabs(approximate(dbeta(exact))) / m;
  if (frozen_) {
    of.mean = Wide{problem_.parameter(Input::running_mean, c)};
    of.v = Wide{problem_.parameter(Input::running_var, c)};
    of.w = of.v + static_cast<Wide>(problem_.epsilon);
    of.s = of.w > 0 ? 1 / std::sqrt(of.w) : 0;
  } else if (exact_.statistics_finite(c)) {
    // Exact sums: a variance that cancels would lose its digits here.
    of.mean = approximate(exactbn::mean(exact));
    of.v = approximate(variance(exact));
    of.w = approximate(w_of(exact));
    of.s = of.w > 0 ? approximate(exactbn::invstd(exact)) : 0;
  } else {
    return of;
  }
  of.t = std::fabs(approximate(t_of(exact))) * of.s / m;
  return of;
}

void Conditions::add_magnitudes(const Channels& channels) const {
  std::copy_n(channels_.begin() + channels.first, channels.count,
              whole_.begin() + channels.first);
  // With frozen statistics y sums nothing.
  if (problem_.operation == Operation::forward_inference) return;
  std::vector<DoubleDouble> means;
  for (std::int64_t i = 0; i < channels.count; ++i) {
    const Wide mean = of(channels.first + i).mean;
    const auto high = static_cast<double>(mean);
    means.push_back({high, static_cast<double>(mean - high)});
  }
  const auto sums = magnitude_sums(x_, dy_, u_, view_, channels, means);
  const bool parallel = channels.count * view_.count() > kParallel;
#pragma omp parallel for schedule(dynamic) if (parallel)
  for (std::int64_t i = 0; i < channels.count; ++i) {
    const std::int64_t c = channels.first + i;
    const MagnitudeSums& s = sums[static_cast<std::size_t>(i)];
    Channel& ch = whole_[static_cast<std::size_t>(c)];
    // A mean of the batch is in the range of x; a frozen one need not be.
    if (s.in_range() && (!frozen_ || MagnitudeSums::fits(ch.mean))) {
      const auto factor = [&ch](const MagnitudeSums::Factor& f, Factor& to) {
        to.size = f.size / ch.m;
        to.x = f.x / ch.m;
        to.xhat = ch.s * f.centred / ch.m;
        to.square = f.square / ch.m;
      };
      ch.a = s.x / ch.m;
      ch.cov = s.centred / ch.m;
      factor(s.dy, ch.dy);
      factor(s.u, ch.u);
      ch.udy = s.u_dy / ch.m;
    } else {
      add_wide_magnitudes(ch, c);
    }
    if (frozen_) {
      ch.a = std::fabs(ch.mean);
    } else if (ch.w > 0) {
      ch.k = ch.cov / ch.w;
    }
  }
}

// In the range of long double, a value at a time.
void Conditions::add_wide_magnitudes(Channel& ch, std::int64_t c) const {
  ch.a = 0;
  ch.dy.size = 0;
  ch.dy.square = 0;
  const auto add = [&](Factor& f, Wide size, std::int64_t i) {
    f.size += size / ch.m;
    f.x += size * size_of(&x_, i) / ch.m;
    f.xhat += size * xhat(ch, i) / ch.m;
    f.square += size * size / ch.m;
  };
  for (std::int64_t k = 0; k < view_.count(); ++k) {
    const std::int64_t i = view_.offset(c, k);
    const Wide x = size_of(&x_, i);
    ch.a += x / ch.m;
    ch.cov += std::fabs(x_.value(i) - ch.mean) * x / ch.m;
    const Wide dyi = size_of(dy_, i);
    const Wide ui = size_of(u_, i);
    if (dy_) add(ch.dy, dyi, i);
    if (u_) add(ch.u, ui, i);
    ch.udy += ui * dyi / ch.m;
  }
}

Conditions::Channel Conditions::channel(
    std::int64_t c, const WideStatistics& statistics) const {
  Channel ch;
  ch.m = static_cast<Wide>(view_.count());
  ch.gamma = std::fabs(Wide{problem_.parameter(Input::gamma, c)});
  ch.beta = std::fabs(Wide{problem_.parameter(Input::beta, c)});
  ch.mean = statistics.mean;
  ch.v = statistics.v;
  ch.w = statistics.w;
  ch.s = statistics.s;
  ch.x2 = statistics.x2;
  ch.dy.d = statistics.d;
  ch.dy.t = statistics.t;
  ch.a = statistics.size;
  ch.dy.size = statistics.dy_size;
  ch.dy.square = statistics.dy2;
  if (frozen_) ch.a = std::fabs(ch.mean);
  if (!frozen_ && ch.w > 0) ch.kappa = std::sqrt(ch.x2 / ch.w);
  return ch;
}

// bounds.md, "Sizes that need no pass".
Conditions::Channel Conditions::with(Sizes sizes, std::int64_t c) const {
  if (sizes == Sizes::exact) return whole(c);
  Channel ch = of(c);
  if (frozen_ || ch.w <= 0) return whole(c);
  const auto set_least = [&ch](Factor& f) {
    f.size = std::max(f.size, f.d);
    f.x = std::fabs(f.t / ch.s - std::fabs(ch.mean) * f.d);
    f.xhat = f.t;
  };
  if (sizes == Sizes::least) {
    ch.a = std::max(ch.a, std::fabs(ch.mean));
    ch.cov = ch.v;
    set_least(ch.dy);
    set_least(ch.u);
  } else {
    ch.a = std::sqrt(ch.x2);
    ch.cov = std::sqrt(ch.v * ch.x2);
    ch.dy.size = std::sqrt(ch.dy.square);
    ch.dy.x = ch.dy.size * ch.a;
    ch.dy.xhat = ch.dy.size;
  }
  ch.k = ch.cov / ch.w;
  return ch;
}

ConditionForm Conditions::form(Output output, std::int64_t channel,
                               Sizes sizes) const {
  const Channel ch = with(sizes, channel);
  if (output == Output::y) return affine(ch, ch.gamma, ch.beta);
  if (output == Output::dx) return dx(ch);
  if (output == Output::grad_x) return grad_x(ch);
  return y_dot(ch);  // or grad_dy, which is the same
}

namespace {

Wide value_of(const Magnitudes& by, const Magnitudes& here) {
  // With frozen statistics x may be infinite where it does not enter.
  const auto product = [](Wide a, Wide b) { return a == 0 ? 0 : a * b; };
  return by.one + product(by.x, here.x) + product(by.xhat, here.xhat) +
         product(by.dy, here.dy) + product(by.u, here.u);
}

}  // namespace

Wide Conditions::at(const Magnitudes& by, std::int64_t i) const {
  return value_of(by, magnitudes(whole(view_.channel(i)), i));
}

Condition Conditions::at(Output output, std::int64_t i) const {
  if (shaped_like_x(output)) {
    const std::int64_t c = view_.channel(i);
    const Magnitudes here = magnitudes(whole(c), i);
    const ConditionForm f = form(output, c);
    return {value_of(f.linear, here), value_of(f.quadratic, here),
            value_of(f.underflow, here)};
  }
  const Channel& ch = whole(i);
  switch (output) {
    case Output::dbeta:
      return {ch.m * ch.dy.size, 0, 1};
    case Output::dgamma:
      return dgamma(ch);
    case Output::grad_gamma:
      return grad_gamma(ch);
    case Output::mean:
      return {ch.a, 0, 1};
    case Output::var:
      return {2 * ch.cov + ch.v, ch.x2, 1};
    case Output::invstd:
      return {ch.s * (ch.k + 1), 4 * ch.s * ch.kappa * ch.kappa,
              1 + ch.s / ch.w};
    default:
      return running(ch, output, i);
  }
}

Condition Conditions::running(const Channel& ch, Output output,
                              std::int64_t c) const {
  const Wide old =
      std::fabs(Wide{problem_.parameter(*traits(output).updates, c)});
  const Wide weight =
      problem_.momentum ? static_cast<Wide>(*problem_.momentum)
                        : 1 / (static_cast<Wide>(problem_.batches_tracked) + 1);
  const Wide from_old = std::fabs(1 - weight) * old + std::fabs(weight) * old;
  if (output == Output::running_mean) {
    return {from_old + std::fabs(weight) * (ch.a + std::fabs(ch.mean)), 0, 2};
  }
  const bool unbiased = divisor_ == RunningVariance::unbiased;
  const Wide factor =
      std::fabs(weight) * (unbiased && ch.m > 1 ? ch.m / (ch.m - 1) : 1);
  return {from_old + factor * (2 * ch.cov + 2 * ch.v), factor * ch.x2,
          2 + factor};
}

ConditionForm Conditions::affine(const Channel& ch, Wide gamma,
                                 Wide beta) const {
  // A frozen w moves by running_var's own error; one from the batch by 2 k.
  const Wide from_w = frozen_ ? ch.v / (2 * ch.w) : ch.k;
  const Magnitudes centred = ch.s * (kX + ch.a);
  return {gamma * (centred + (from_w + 1) * kXhat) + beta,
          gamma * (4 * ch.kappa * ch.kappa * kXhat + 2 * ch.kappa * centred),
          1 + gamma * (1 + ch.s + 1 / ch.w * kXhat) + kX + ch.a};
}

Condition Conditions::dgamma(const Channel& ch) const {
  const Wide dgamma = ch.m * ch.dy.t;
  const Wide from_w = dgamma * (frozen_ ? ch.v / (2 * ch.w) : ch.k);
  const Wide from_mean = ch.a * (frozen_ ? ch.dy.size : ch.dy.d);
  const Wide of_t = ch.m * ch.s * (ch.dy.x + from_mean);
  return {of_t + ch.m * ch.dy.xhat + from_w + dgamma,
          4 * dgamma * ch.kappa * ch.kappa + 2 * ch.kappa * of_t +
              ch.m * of_moved_products(ch, ch.dy),
          1 + ch.m * (ch.s * (ch.dy.d + 1) + ch.dy.size) + dgamma / ch.w};
}

ConditionForm Conditions::dx(const Channel& ch) const {
  if (!frozen_) return projected(ch, ch.dy, kDy, ch.gamma);
  const Wide factor = ch.gamma * ch.s * (2 + ch.v / (2 * ch.w));
  return {factor * kDy, {}, 1 + kDy + ch.gamma * (1 + kDy)};
}

ConditionForm Conditions::projected(const Channel& ch, const Factor& f,
                                    const Magnitudes& size, Wide gamma) const {
  // What an implementation adds up, by magnitude: dy - D1/m - xhat t.
  const Magnitudes g = size + f.d + f.t * kXhat;
  // How far xhat and t move through x and the mean alone.
  const Magnitudes of_xhat = ch.s * (kX + ch.a);
  const Wide of_t = ch.s * (f.x + f.d * ch.a);
  const Magnitudes linear = (1 + ch.k) * g + f.t * (of_xhat + ch.k * kXhat) +
                            (of_t + f.t * ch.k + f.xhat) * kXhat + size +
                            f.size;
  const Magnitudes quadratic = 23 * ch.kappa * ch.kappa * g +
                               8 * ch.kappa * (f.t * of_xhat + of_t * kXhat) +
                               3 * of_t * of_xhat;
  const Magnitudes underflow =
      1 + size + gamma * of_xhat +
      gamma * (1 + ch.s) * (1 + f.t + (1 + f.d) * kXhat) +
      gamma * ch.s * ch.s * (f.t + (f.d + f.t) * kXhat) +
      gamma * ch.s / ch.w * g;
  const Wide scale = gamma * ch.s;
  return {scale * linear, scale * quadratic, underflow};
}

}  // namespace exactbn
