// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <utility>

#include "reference/textbook.h"
#include "reference/textbook/arena.h"

namespace exactbn {

// Matrices of shape m x C, or 1 x C for one value per channel.
template <class Real>
using Outputs = std::map<Output, Matrix<Real>>;

// Which channels a Textbook computes, and what to do after each.
struct EveryChannel {
  static constexpr bool kAll = true;
  bool takes(std::int64_t) { return true; }
  void done(std::int64_t) {}
};

// The textbook's answer to a problem, one channel at a time: every output, and
// running_var_biased.
template <class Real, class Channels = EveryChannel>
class Textbook {
 public:
  // The problem, and the channels that are taken, must not change before the
  // outputs are computed.
  explicit Textbook(const Problem& problem, Channels channels = {})
      : problem_(problem),
        channels_(std::move(channels)),
        view_(problem.view()),
        m_(view_.count()),
        epsilon_(static_cast<Real>(problem.epsilon)),
        arena_(problem),
        n_(arena_.take(Normalized<Real>::kColumns * m_), m_) {}

  // The outputs live as long as this object.
  void run() {
    x_ = matrix(Input::x);
    gamma_ = arena_.row(Input::gamma);
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

  // Value k of channel c is at [c m + k] if the output is shaped like x; else
  // the value of channel c is at [c]. Empty if the problem has no such output.
  std::span<const Real> output(Output name) const {
    const auto* found = find(name);
    return found ? found->values : std::span<const Real>();
  }

  // Runs, and copies the outputs.
  Outputs<Real> outputs() {
    run();
    Outputs<Real> all;
    for (const auto& [name, values] : arena_.outputs()) {
      all[name] = Eigen::Map<const Matrix<Real>>(
          values.data(), shaped_like_x(name) ? m_ : 1, view_.channels);
    }
    return all;
  }

  // The outputs as tensors, each value rounded to a double and then to the
  // format format_of(name).
  template <class FormatOf>
  OutputTensors tensors(const FormatOf& format_of) {
    OutputTensors all;
    for (const Output name : output_names(problem_)) {
      Tensor tensor(format_of(name), shape_of(problem_, name));
      tensor.round_values(arena_.in_order(*find(name)));
      all.emplace(name, std::move(tensor));
    }
    return all;
  }

  const Channels& channels() const { return channels_; }

 private:
  const typename Arena<Real>::Result* find(Output name) const {
    for (const auto& output : arena_.outputs()) {
      if (output.name == name) return &output;
    }
    return nullptr;
  }

  const Real* matrix(Input name) {
    if constexpr (Channels::kAll) return arena_.matrix(name);
    return arena_.chosen(name,
                         [&](std::int64_t c) { return channels_.takes(c); });
  }

  ChannelIn<Real> in(const Real* matrix, std::int64_t c) const {
    return {matrix + c * m_, m_};
  }
  ChannelOut<Real> out(Real* matrix, std::int64_t c) const {
    return {matrix + c * m_, m_};
  }

  template <class Do>
  void each_channel(const Do& action) {
    for (std::int64_t c = 0; c < view_.channels; ++c) {
      if (!channels_.takes(c)) continue;
      action(c);
      channels_.done(c);
    }
  }
  template <class Do>
  void each_normalized(const Do& action) {
    each_channel([&](std::int64_t c) {
      n_.normalize(in(x_, c), epsilon_);
      action(c);
    });
  }

  Real average(const Real& old, const Real& batch) const {
    return problem_.momentum
               ? running_average(old, batch,
                                 static_cast<Real>(*problem_.momentum))
               : cumulative_average(old, batch, problem_.batches_tracked);
  }

  void forward_training() {
    const Real* const beta = arena_.row(Input::beta);
    Real* const y = arena_.add_matrix(Output::y);
    Real* const mean = arena_.add_row(Output::mean);
    Real* const var = arena_.add_row(Output::var);
    Real* const invstd = arena_.add_row(Output::invstd);
    each_normalized([&](std::int64_t c) {
      mean[c] = n_.mean;
      var[c] = n_.var;
      invstd[c] = Real(1) / n_.sigma;
      exactbn::forward_training(n_, gamma_[c], beta[c], out(y, c));
    });
    if (problem_.find(Input::running_mean)) {
      const Real* const old = arena_.row(Input::running_mean);
      Real* const now = arena_.add_row(Output::running_mean);
      each_channel([&](auto c) { now[c] = average(old[c], mean[c]); });
    }
    if (problem_.find(Input::running_var)) {
      const Real* const old = arena_.row(Input::running_var);
      Real* const biased = arena_.add_row(Output::running_var_biased);
      Real* const now = arena_.add_row(Output::running_var);
      each_channel([&](auto c) {
        biased[c] = average(old[c], var[c]);
        now[c] = average(old[c], unbiased(var[c], m_));
      });
    }
  }

  void forward_inference() {
    const Real* const beta = arena_.row(Input::beta);
    const Real* const mean = arena_.row(Input::running_mean);
    const Real* const var = arena_.row(Input::running_var);
    Real* const y = arena_.add_matrix(Output::y);
    each_channel([&](std::int64_t c) {
      exactbn::forward_inference(in(x_, c), gamma_[c], beta[c], mean[c],
                                 standard_deviation(var[c], epsilon_),
                                 out(y, c));
    });
  }

  void backward_training() {
    const Real* const dy = matrix(Input::dy);
    Real* const dx = arena_.add_matrix(Output::dx);
    Real* const dgamma = arena_.add_row(Output::dgamma);
    Real* const dbeta = arena_.add_row(Output::dbeta);
    each_normalized([&](std::int64_t c) {
      const auto r =
          exactbn::backward_training(n_, in(dy, c), gamma_[c], out(dx, c));
      dgamma[c] = r.dgamma;
      dbeta[c] = r.dbeta;
    });
  }

  void backward_inference() {
    const Real* const dy = matrix(Input::dy);
    const Real* const mean = arena_.row(Input::running_mean);
    const Real* const var = arena_.row(Input::running_var);
    Real* const dx = arena_.add_matrix(Output::dx);
    Real* const dgamma = arena_.add_row(Output::dgamma);
    Real* const dbeta = arena_.add_row(Output::dbeta);
    each_channel([&](std::int64_t c) {
      const auto r = exactbn::backward_inference(
          in(x_, c), in(dy, c), gamma_[c], mean[c],
          standard_deviation(var[c], epsilon_), out(dx, c));
      dgamma[c] = r.dgamma;
      dbeta[c] = r.dbeta;
    });
  }

  void jvp_training() {
    const Real* const x_dot = matrix(Input::x_dot);
    const Real* const gamma_dot = arena_.row(Input::gamma_dot);
    const Real* const beta_dot = arena_.row(Input::beta_dot);
    Real* const y_dot = arena_.add_matrix(Output::y_dot);
    each_normalized([&](std::int64_t c) {
      exactbn::jvp_training(n_, in(x_dot, c), gamma_[c], gamma_dot[c],
                            beta_dot[c], out(y_dot, c));
    });
  }

  void double_backward_training() {
    const Real* const dy = matrix(Input::dy);
    const Real* const ddx = matrix(Input::ddx);
    const Real* const ddgamma = arena_.row(Input::ddgamma);
    const Real* const ddbeta = arena_.row(Input::ddbeta);
    Real* const grad_x = arena_.add_matrix(Output::grad_x);
    Real* const grad_gamma = arena_.add_row(Output::grad_gamma);
    Real* const grad_dy = arena_.add_matrix(Output::grad_dy);
    each_normalized([&](std::int64_t c) {
      grad_gamma[c] = exactbn::double_backward_training(
          n_, in(dy, c), in(ddx, c), gamma_[c], ddgamma[c], ddbeta[c],
          out(grad_x, c), out(grad_dy, c));
    });
  }

  const Problem& problem_;
  Channels channels_;
  ChannelView view_;
  std::int64_t m_;
  Real epsilon_;
  Arena<Real> arena_;
  Normalized<Real> n_;  // the current channel
  const Real* x_ = nullptr;
  const Real* gamma_ = nullptr;
};

}  // namespace exactbn
