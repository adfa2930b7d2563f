// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/exact/channel.h"
#include "reference/exact/second_order.h"
#include "reference/once_each.h"
#include "reference/problem.h"

namespace exactbn {

// The value that batch normalization defines, the rules for the edges included.
struct Exact {
  enum class Kind : std::uint8_t {
    number,  // `value`
    nan,
    plus_infinity,
    minus_infinity,
    nonfinite,         // NaN or an infinity, as the order of operations has it
    division_by_zero,  // w = 0: 0/0, or for invstd 1/0; a convention decides
    unbiased_of_one,   // the unbiased variance of a single value: likewise
  };
  Kind kind = Kind::number;
  Surd value;
};

// The bits nearest to the value, ties to even. NaN where it is not one number.
std::uint64_t round_to(const Exact& exact, DType dtype);

// The number of values from which threads are worth their start.
inline constexpr std::int64_t kParallel = 4096;

// Every output of one problem, exactly, from the sums of its channels. The
// problem must be valid and outlive this object. Outputs are those of
// output_names, and running_var_biased.
class ExactBatchNorm {
 public:
  // Sums all channels at once.
  explicit ExactBatchNorm(const Problem& problem);

  // Sums a channel when it is first asked for. `sum` takes many at once, which
  // is faster, and lets the caller use their values while the cache has them.
  struct OnDemand {};
  ExactBatchNorm(const Problem& problem, OnDemand);
  void sum(const Channels& channels) const;
  bool is_summed(std::int64_t c) const { return summed_.done(c); }

  // Element i of an output, in row-major order. This and all else is safe to
  // call from many threads. Throws std::invalid_argument on an output that the
  // operation has not.
  Exact at(Output output, std::int64_t i) const;

  // The whole output, correctly rounded. Throws as `at` does.
  Tensor rounded(Output output, DType dtype) const;

  const Problem& problem() const { return problem_; }

  // Whether every input of the channel, its direction included, is finite and
  // w > 0, so that outputs shaped like x are numbers there. (A frozen channel's
  // x may yet hold others.)
  bool is_number(std::int64_t c) const;

  // What the values of a channel share; its centre and root are meaningful
  // only where the mean and the variance that it normalizes by are finite.
  const Channel& channel(std::int64_t c) const { return state(c).exact; }
  // Where x, gamma and beta move, in the operations of second order.
  const Direction& along(std::int64_t c) const { return state(c).along; }
  bool statistics_finite(std::int64_t c) const {
    return state(c).statistics_finite;
  }

 private:
  struct State {
    Channel exact;
    Direction along;                // of the operations of second order
    bool statistics_finite = true;  // the mean and w
    bool parameters_finite = true;  // gamma and beta
    bool along_gamma_finite = true;
    bool along_beta_finite = true;
  };

  // Of channels that nobody else sums.
  void add_sums(const Channels& channels) const;
  // Everything but the sums, which are there.
  void set_state(State& state, std::int64_t c) const;
  void add_direction(State& state, std::int64_t c) const;
  // That of x in the operations of second order.
  const Tensor* direction() const;
  const State& state(std::int64_t c) const {
    if (!is_summed(c)) sum({c, 1});
    return states_[static_cast<std::size_t>(c)];
  }
  void require_output(Output output) const;
  // 1 / sqrt(w) in IEEE arithmetic, but for its size: 1 stands for any number.
  double ieee_invstd(std::int64_t c) const;

  Exact statistic(Output output, std::int64_t c) const;
  Exact y(std::int64_t i, std::int64_t c) const;
  Exact y_ieee(std::int64_t i, std::int64_t c) const;
  Exact dx(std::int64_t i, std::int64_t c) const;
  Exact dx_frozen(std::int64_t i, std::int64_t c) const;
  Exact dbeta(std::int64_t c) const;
  Exact dgamma(std::int64_t c) const;
  Exact y_dot(std::int64_t i, std::int64_t c) const;
  Exact grad_x(std::int64_t i, std::int64_t c) const;
  Exact grad_gamma(std::int64_t c) const;
  Exact running_mean(std::int64_t c) const;
  Exact running_var(std::int64_t c, bool unbiased) const;

  const Problem& problem_;
  ChannelView view_;
  bool by_batch_;
  mutable std::vector<State> states_;  // of channels that are summed
  mutable OnceEach summed_;
};

}  // namespace exactbn
