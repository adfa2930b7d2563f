// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "reference/problem.h"
#include "reference/tensor/scratch.h"
#include "reference/textbook/pairwise.h"

namespace exactbn {

// Which channels a textbook calculates, and what is to be done after each.
struct EveryChannel {
  static constexpr bool kAll = true;
  bool takes(std::int64_t) { return true; }
  void done(std::int64_t) {}
};

// The textbook's answer (textbook_outputs.h), a channel at a time in plain
// loops. Each value comes of the same operations in the same order, and so has
// the same bits; but no step makes an array of its own, which on small problems
// costs more than the arithmetic. A Real that has `kEncloses` is an interval:
// its values are about a mean that it knows better than that.
template <class Real, class Channels = EveryChannel>
class PlainTextbook {
  // So that memory holds such numbers as soon as they are assigned there.
  static_assert(std::is_trivially_copyable_v<Real> &&
                std::is_trivially_destructible_v<Real>);

 public:
  // What is taken must not change before the outputs are there.
  explicit PlainTextbook(const Problem& problem, Channels channels = {})
      : problem_(problem),
        channels_(std::move(channels)),
        view_(problem.view()),
        m_(view_.count()),
        size_(view_.channels * m_),
        count_(static_cast<Real>(m_)),
        epsilon_(static_cast<Real>(problem.epsilon)),
        reals_(kMatrices * size_ + kColumns * m_ + kRows * view_.channels),
        memory_(sizeof(Real) * static_cast<std::size_t>(reals_) +
                sizeof(double) * static_cast<std::size_t>(size_)),
        free_(static_cast<Real*>(memory_.data())),
        terms_(take(m_)),
        d_(take(m_)),
        xhat_(take(m_)),
        g_(take(m_)),
        bar_(take(m_)),
        values_(new (static_cast<Real*>(memory_.data()) +
                     reals_) double[static_cast<std::size_t>(size_)]) {}

  // The outputs stay where they are as long as this object is there.
  void run() {
    x_ = matrix(Input::x);
    gamma_ = row(Input::gamma, 1);
    switch (problem_.operation) {
      case Operation::forward_training:
        return forward_training();
      case Operation::forward_inference:
        return forward_inference();
      case Operation::backward_training:
        return backward_training();
      case Operation::backward_inference:
        return backward_inference();
      case Operation::jvp_training:
        return jvp_training();
      case Operation::double_backward_training:
        return double_backward_training();
    }
  }

  // Value k of channel c of an output that is shaped like x is at [c m + k],
  // the one of any other at [c]. running_var_biased is one of them. Empty
  // where the problem has no such.
  std::span<const Real> output(Output name) const {
    for (const Result& output : outputs_) {
      if (output.name == name) return output.values;
    }
    return {};
  }

  // A value of an output as a double, rounded once.
  static double narrowed(const Real& value) {
    if constexpr (std::is_same_v<Real, double>) {
      return value;
    } else {
      // What a wider format says of a NaN is its own.
      if (value != value) return std::numeric_limits<double>::quiet_NaN();
      if constexpr (std::is_same_v<Real, long double> && kIsWide) {
        // Where the result is subnormal, or overflows, processors take a
        // hundred times as long for a conversion.
        const Real size = std::fabs(value);
        if (size >= static_cast<Real>(kLargest) * 2) {
          return std::copysign(std::numeric_limits<double>::infinity(),
                               std::signbit(value) ? -1.0 : 1.0);
        }
        if (size < static_cast<Real>(kLeastNormal)) {
          const auto quanta = static_cast<Real>(0x1p1000) * Real{0x1p74};
          const long long count = std::llrint(value * quanta);
          return std::copysign(std::bit_cast<double>(static_cast<std::uint64_t>(
                                   count < 0 ? -count : count)),
                               std::signbit(value) ? -1.0 : 1.0);
        }
      }
      return static_cast<double>(value);
    }
  }

  const Channels& channels() const { return channels_; }

  // All values of an output in the order of a tensor, as doubles; until
  // the next is asked for.
  std::span<const double> in_order(Output name) {
    const std::span<const Real> all = output(name);
    double* to = values_;
    if (shaped_like_x(name)) {
      const Real* const from = all.data();
      each_place([&](std::int64_t at) { *to++ = narrowed(from[at]); });
    } else {
      for (const Real& value : all) *to++ = narrowed(value);
    }
    return {values_, to};
  }

 private:
  static constexpr double kLeastNormal = std::numeric_limits<double>::min();
  static constexpr double kLargest = std::numeric_limits<double>::max();
  // Whether long doubles have a wider exponent.
  static constexpr bool kIsWide =
      std::numeric_limits<long double>::max_exponent >
      std::numeric_limits<double>::max_exponent;

  // The most that an operation takes, inputs and outputs: of the shape of x, of
  // that of a channel, and of one value a channel.
  static constexpr std::int64_t kMatrices = 5;
  static constexpr std::int64_t kColumns = 5;
  static constexpr std::int64_t kRows = 10;

  struct Result {
    Output name;
    std::span<const Real> values;
  };

  // Where each element of a tensor is, in the order of these.
  template <class Do>
  void each_place(const Do& action) const {
    if (view_.inner == 1) {
      for (std::int64_t o = 0; o < view_.outer; ++o) {
        for (std::int64_t c = 0; c < view_.channels; ++c) action(c * m_ + o);
      }
      return;
    }
    for (std::int64_t o = 0; o < view_.outer; ++o) {
      for (std::int64_t c = 0; c < view_.channels; ++c) {
        const std::int64_t first = c * m_ + o * view_.inner;
        for (std::int64_t i = 0; i < view_.inner; ++i) action(first + i);
      }
    }
  }

  Real* take(std::int64_t count) {
    Real* const taken = free_;
    free_ += count;
    return taken;
  }

  const Real* matrix(Input name) {
    problem_.find(name)->values_to({values_, static_cast<std::size_t>(size_)});
    Real* const to = take(size_);
    if constexpr (Channels::kAll) {
      const double* from = values_;
      each_place([&](std::int64_t at) { to[at] = static_cast<Real>(*from++); });
    } else {
      for (std::int64_t c = 0; c < view_.channels; ++c) {
        if (!channels_.takes(c)) continue;
        Real* at = to + c * m_;
        view_.each_offset(
            c, [&](auto i) { *at++ = static_cast<Real>(values_[i]); });
      }
    }
    return to;
  }

  const Real* row(Input name, int absent = 0) {
    Real* const to = take(view_.channels);
    if (const Tensor* tensor = problem_.find(name)) {
      for (std::int64_t c = 0; c < view_.channels; ++c) {
        to[c] = static_cast<Real>(tensor->value(c));
      }
    } else {
      std::fill_n(to, view_.channels, static_cast<Real>(absent));
    }
    return to;
  }

  Real* add(Output name, std::int64_t size) {
    Real* const to = take(size);
    outputs_[made_++] = {name, {to, static_cast<std::size_t>(size)}};
    return to;
  }
  Real* add_matrix(Output name) { return add(name, size_); }
  Real* add_row(Output name) { return add(name, view_.channels); }

  template <class Do>
  void each_channel(const Do& action) {
    for (std::int64_t c = 0; c < view_.channels; ++c) {
      if (!channels_.takes(c)) continue;
      action(c, c * m_);
      channels_.done(c);
    }
  }

  template <class Term>
  Real sum(const Term& term) {
    for (std::int64_t k = 0; k < m_; ++k) terms_[k] = term(k);
    return pairwise_sum(terms_, m_);
  }

  static Real root(const Real& w) {
    using std::sqrt;
    return sqrt(w);
  }

  struct Statistics {
    Real mean;
    Real var;
    Real sigma;
  };

  // Fills d.
  Real centre(const Real* x) {
    if constexpr (requires { Real::kEncloses; }) {
      // What matters is that little is lost: differences are short where the
      // values are near each other.
      for (std::int64_t k = 0; k < m_; ++k) d_[k] = x[k] - x[0];
      const Real mean = pairwise_sum(d_, m_) / count_;
      for (std::int64_t k = 0; k < m_; ++k) d_[k] = d_[k] - mean;
      return x[0] + mean;
    } else {
      const Real mean = pairwise_sum(x, m_) / count_;
      for (std::int64_t k = 0; k < m_; ++k) d_[k] = x[k] - mean;
      return mean;
    }
  }

  // Fills d and xhat.
  Statistics normalize(const Real* x) {
    const Real mean = centre(x);
    const Real var = sum([&](auto k) { return d_[k] * d_[k]; }) / count_;
    const Real sigma = root(var + epsilon_);
    for (std::int64_t k = 0; k < m_; ++k) xhat_[k] = d_[k] / sigma;
    return {mean, var, sigma};
  }

  Real average(const Real& old, const Real& batch) const {
    if (problem_.momentum) {
      const auto momentum = static_cast<Real>(*problem_.momentum);
      return (Real(1) - momentum) * old + momentum * batch;
    }
    const auto n = static_cast<Real>(problem_.batches_tracked);
    return (n * old + batch) / (n + Real(1));
  }

  void forward_training() {
    const Real* const beta = row(Input::beta);
    Real* const y = add_matrix(Output::y);
    Real* const mean = add_row(Output::mean);
    Real* const var = add_row(Output::var);
    Real* const invstd = add_row(Output::invstd);
    each_channel([&](std::int64_t c, std::int64_t first) {
      const Statistics s = normalize(x_ + first);
      mean[c] = s.mean;
      var[c] = s.var;
      invstd[c] = Real(1) / s.sigma;
      for (std::int64_t k = 0; k < m_; ++k) {
        y[first + k] = xhat_[k] * gamma_[c] + beta[c];
      }
    });
    if (problem_.find(Input::running_mean)) {
      const Real* const old = row(Input::running_mean);
      Real* const now = add_row(Output::running_mean);
      each_channel([&](auto c, auto) { now[c] = average(old[c], mean[c]); });
    }
    if (problem_.find(Input::running_var)) {
      const Real* const old = row(Input::running_var);
      Real* const biased = add_row(Output::running_var_biased);
      Real* const now = add_row(Output::running_var);
      each_channel([&](auto c, auto) {
        biased[c] = average(old[c], var[c]);
        now[c] = average(old[c], var[c] * count_ / static_cast<Real>(m_ - 1));
      });
    }
  }

  void forward_inference() {
    const Real* const beta = row(Input::beta);
    const Real* const mean = row(Input::running_mean);
    const Real* const var = row(Input::running_var);
    Real* const y = add_matrix(Output::y);
    each_channel([&](std::int64_t c, std::int64_t first) {
      const Real sigma = root(var[c] + epsilon_);
      for (std::int64_t k = first; k < first + m_; ++k) {
        y[k] = (x_[k] - mean[c]) / sigma * gamma_[c] + beta[c];
      }
    });
  }

  void backward_training() {
    const Real* const all_dy = matrix(Input::dy);
    Real* const dx = add_matrix(Output::dx);
    Real* const dgamma = add_row(Output::dgamma);
    Real* const dbeta = add_row(Output::dbeta);
    each_channel([&](std::int64_t c, std::int64_t first) {
      const Statistics s = normalize(x_ + first);
      const Real* const dy = all_dy + first;
      dgamma[c] = sum([&](auto k) { return dy[k] * xhat_[k]; });
      dbeta[c] = pairwise_sum(dy, m_);
      const Real a = dbeta[c] / count_;
      const Real b = dgamma[c] / count_;
      const Real scale = gamma_[c] / s.sigma;
      for (std::int64_t k = 0; k < m_; ++k) {
        dx[first + k] = (dy[k] - a - xhat_[k] * b) * scale;
      }
    });
  }

  void backward_inference() {
    const Real* const all_dy = matrix(Input::dy);
    const Real* const mean = row(Input::running_mean);
    const Real* const var = row(Input::running_var);
    Real* const dx = add_matrix(Output::dx);
    Real* const dgamma = add_row(Output::dgamma);
    Real* const dbeta = add_row(Output::dbeta);
    each_channel([&](std::int64_t c, std::int64_t first) {
      const Real* const x = x_ + first;
      const Real* const dy = all_dy + first;
      const Real sigma = root(var[c] + epsilon_);
      const Real scale = gamma_[c] / sigma;
      for (std::int64_t k = 0; k < m_; ++k) {
        xhat_[k] = (x[k] - mean[c]) / sigma;
        dx[first + k] = dy[k] * scale;
      }
      dgamma[c] = sum([&](auto k) { return dy[k] * xhat_[k]; });
      dbeta[c] = pairwise_sum(dy, m_);
    });
  }

  void jvp_training() {
    const Real* const all_x_dot = matrix(Input::x_dot);
    const Real* const gamma_dot = row(Input::gamma_dot);
    const Real* const beta_dot = row(Input::beta_dot);
    Real* const y_dot = add_matrix(Output::y_dot);
    each_channel([&](std::int64_t c, std::int64_t first) {
      const Statistics s = normalize(x_ + first);
      const Real* const x_dot = all_x_dot + first;
      const Real mean_dot = pairwise_sum(x_dot, m_) / count_;
      Real* const d_dot = bar_;
      for (std::int64_t k = 0; k < m_; ++k) d_dot[k] = x_dot[k] - mean_dot;
      const Real var_dot =
          Real(2) * sum([&](auto k) { return d_[k] * d_dot[k]; }) / count_;
      const Real sigma_dot = var_dot / (Real(2) * s.sigma);
      for (std::int64_t k = 0; k < m_; ++k) {
        const Real xhat_dot = (d_dot[k] - xhat_[k] * sigma_dot) / s.sigma;
        y_dot[first + k] =
            xhat_dot * gamma_[c] + xhat_[k] * gamma_dot[c] + beta_dot[c];
      }
    });
  }

  void double_backward_training() {
    const Real* const all_dy = matrix(Input::dy);
    const Real* const all_ddx = matrix(Input::ddx);
    const Real* const ddgamma = row(Input::ddgamma);
    const Real* const ddbeta = row(Input::ddbeta);
    Real* const grad_x = add_matrix(Output::grad_x);
    Real* const grad_gamma = add_row(Output::grad_gamma);
    Real* const grad_dy = add_matrix(Output::grad_dy);
    each_channel([&](std::int64_t c, std::int64_t first) {
      const Statistics s = normalize(x_ + first);
      const Real* const dy = all_dy + first;
      const Real* const ddx = all_ddx + first;
      const Real a = pairwise_sum(dy, m_) / count_;
      const Real b = sum([&](auto k) { return dy[k] * xhat_[k]; }) / count_;
      for (std::int64_t k = 0; k < m_; ++k) {
        g_[k] = dy[k] - a - xhat_[k] * b;
      }
      const Real scale = gamma_[c] / s.sigma;

      const Real scale_bar = sum([&](auto k) { return ddx[k] * g_[k]; });
      Real* const g_bar = g_;  // g is not needed any more
      for (std::int64_t k = 0; k < m_; ++k) g_bar[k] = ddx[k] * scale;
      const Real a_bar = count_ * ddbeta[c] - pairwise_sum(g_bar, m_);
      const Real b_bar = count_ * ddgamma[c] -
                         sum([&](auto k) { return g_bar[k] * xhat_[k]; });
      const Real b_bar_m = b_bar / count_;
      const Real a_bar_m = a_bar / count_;
      Real* const xhat_bar = bar_;
      for (std::int64_t k = 0; k < m_; ++k) {
        grad_dy[first + k] = g_bar[k] + xhat_[k] * b_bar_m + a_bar_m;
        xhat_bar[k] = dy[k] * b_bar_m - g_bar[k] * b;
      }
      const Real sigma_bar = -(scale_bar * scale + sum([&](auto k) {
                                 return xhat_bar[k] * xhat_[k];
                               })) /
                             s.sigma;
      const Real var_bar = sigma_bar / (Real(2) * s.sigma);
      const Real along_d = Real(2) * var_bar / count_;
      Real* const d_bar = bar_;
      for (std::int64_t k = 0; k < m_; ++k) {
        d_bar[k] = xhat_bar[k] / s.sigma + d_[k] * along_d;
      }
      const Real mean_bar_m = -pairwise_sum(d_bar, m_) / count_;
      for (std::int64_t k = 0; k < m_; ++k) {
        grad_x[first + k] = d_bar[k] + mean_bar_m;
      }
      grad_gamma[c] = scale_bar / s.sigma;
    });
  }

  const Problem& problem_;
  Channels channels_;
  ChannelView view_;
  std::int64_t m_;
  std::int64_t size_;
  Real count_;
  Real epsilon_;
  std::int64_t reals_;
  Scratch memory_;
  Real* free_;
  Real* terms_;
  Real* d_;
  Real* xhat_;
  Real* g_;
  Real* bar_;
  double* values_;  // of a tensor, on their way
  const Real* x_ = nullptr;
  const Real* gamma_ = nullptr;
  std::array<Result, 7> outputs_ = {};
  std::size_t made_ = 0;
};

}  // namespace exactbn
