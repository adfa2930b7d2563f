// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/exact/channel.h"
#include "reference/exact/second_order.h"
#include "reference/once_each.h"
#include "reference/problem.h"

namespace exactbn {

// The value that batch normalization defines, including the rules for edges.
struct Exact {
  enum class Kind : std::uint8_t {
    number,  // `value`
    nan,
    plus_infinity,
    minus_infinity,
    nonfinite,         // NaN or an infinity; depends on operation order
    division_by_zero,  // w = 0: 0/0, or for invstd 1/0; a convention decides
    unbiased_of_one,   // the unbiased variance of one value: the same
  };
  Kind kind = Kind::number;
  Surd value;
};

// The bits nearest to the value, ties to even. NaN if it is not a number or an
// infinity.
std::uint64_t round_to(const Exact& exact, DType dtype);

// The number of values from which threads pay off.
inline constexpr std::int64_t kParallel = 4096;

// Computes every output of one problem exactly, from the sums of its channels.
// The problem must be valid and outlive this object. The outputs are those of
// output_names, and running_var_biased.
class ExactBatchNorm {
 public:
  // Sums all channels at once.
  explicit ExactBatchNorm(const Problem& problem);

  // Sums a channel when it is first needed. `sum` sums many at once, which is
  // faster, and lets the caller use their values while they are in the cache.
  struct OnDemand {};
  ExactBatchNorm(const Problem& problem, OnDemand);
  void sum(const Channels& channels) const;
  bool is_summed(std::int64_t c) const { return summed_.done(c); }

  // Element i of an output, in row-major order. This and everything below is
  // safe to call from many threads. Throws std::invalid_argument if the
  // operation does not produce the output.
  Exact at(Output output, std::int64_t i) const;

  // The whole output, correctly rounded. Throws as `at` does.
  Tensor rounded(Output output, DType dtype) const;

  const Problem& problem() const { return problem_; }

  // Whether every input of the channel, including its direction, is finite and
  // w > 0, so that its outputs shaped like x are numbers. (In forward_inference
  // x is not examined.)
  bool is_number(std::int64_t c) const {
    return inputs_finite(c) && channel(c).root.sign() > 0;
  }
  // The first half of that.
  bool inputs_finite(std::int64_t c) const;
  // The same without the inputs shaped like x, but for batch statistics.
  bool parameters_finite(std::int64_t c) const;

  // What the values of a channel share. `centre` and `root` have a meaning only
  // if statistics_finite(c).
  const Channel& channel(std::int64_t c) const { return state(c).exact; }
  // The direction of x, gamma and beta in second-order operations.
  const Direction& along(std::int64_t c) const { return state(c).along; }
  bool statistics_finite(std::int64_t c) const {
    return state(c).statistics_finite;
  }

 private:
  struct State {
    Channel exact;
    Direction along;                // in second-order operations
    bool statistics_finite = true;  // the mean and w
    bool parameters_finite = true;  // gamma and beta
    bool along_gamma_finite = true;
    bool along_beta_finite = true;
  };

  // Sums channels that no other thread is summing.
  void add_sums(const Channels& channels) const;
  // Sets everything but the sums, which must be set already.
  void set_state(State& state, std::int64_t c) const;
  void add_direction(State& state, std::int64_t c) const;
  // The direction of x in second-order operations, else null.
  const Tensor* direction() const;
  const State& state(std::int64_t c) const {
    if (!is_summed(c)) sum({c, 1});
    return states_[static_cast<std::size_t>(c)];
  }
  void require_output(Output output) const;
  // 1 / sqrt(w) in IEEE arithmetic, except its size: 1 stands for any number.
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
