// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "oracles/judge/condition.h"
#include "oracles/judge/magnitude_sums.h"
#include "reference/once_each.h"

namespace exactbn {

// The group of 16 channels that contains a channel; the last group may be
// larger. If the channel axis is last, a group shares cache lines, so summing
// all of it costs little more than summing one channel.
Channels group_of(std::int64_t channel, std::int64_t channels);

// How sums of magnitudes enter a condition: exactly, or as lower or upper
// bounds that need no pass over the values.
enum class Sizes : std::uint8_t { exact, least, greatest };

// The conditions of every output of a problem. They are meaningful only for
// values that are numbers (Exact::Kind). Thread-safe.
class Conditions {
 public:
  // Sets what the sums of a channel, exact or estimated, determine: mean, v, w,
  // s, x2, c, and d and t of dy and of the direction. May also set lower bounds
  // of a and dy.size, and dy.square.
  using Statistics = std::function<void(std::int64_t channel, ChannelSizes&)>;

  // The problem must outlive this object. A channel's statistics are requested
  // with its first condition.
  Conditions(const Problem& problem, RunningVariance divisor,
             Statistics statistics);

  // Requests the statistics of these channels. Sums of magnitudes are computed
  // when first needed, then for these neighbours at once.
  void add(const Channels& channels) const;

  Condition at(Output output, std::int64_t i) const;

  // Evaluates `by` at a value of a tensor shaped like x.
  Wide at(const Magnitudes& by, std::int64_t i) const;

  // The condition of all values in a channel of an output shaped like x.
  // Sizes::greatest is for y and dx only, and for dx needs dy.square.
  ConditionForm form(Output output, std::int64_t channel,
                     Sizes sizes = Sizes::exact) const;

  // kappa = sqrt(mean x^2 / w): relative to itself, w moves by at most 2 kappa
  // theta + (kappa theta)^2. So the bounds of outputs divided by sqrt(w) hold
  // only while kappa theta is small. 0 with frozen statistics.
  Wide kappa(std::int64_t channel) const { return known_sizes(channel).kappa; }
  Wide w(std::int64_t channel) const { return known_sizes(channel).w; }
  Wide mean(std::int64_t channel) const { return known_sizes(channel).mean; }
  Wide invstd(std::int64_t channel) const { return known_sizes(channel).s; }
  const ChannelSizes& sizes(std::int64_t channel) const {
    return full_sizes(channel);
  }

 private:
  // All sizes but those from sums of magnitudes: a, cov, k, udy, and size, x
  // and xhat of dy and u.
  const ChannelSizes& known_sizes(std::int64_t c) const {
    if (!known_.done(c)) add({c, 1});
    return sizes_[static_cast<std::size_t>(c)];
  }
  const ChannelSizes& full_sizes(std::int64_t c) const;
  ChannelSizes least(std::int64_t c) const;
  ChannelSizes greatest(std::int64_t c) const;
  Channels known_neighbours(std::int64_t c) const;
  ChannelSizes sizes_of(std::int64_t c) const;
  void add_magnitudes(const Channels& channels) const;
  void add_wide_magnitudes(ChannelSizes& ch, std::int64_t c) const;
  Wide xhat(const ChannelSizes& ch, std::int64_t i) const;
  Magnitudes magnitudes(const ChannelSizes& ch, std::int64_t i) const;

  const Problem& problem_;
  const Tensor& x_;
  const Tensor* dy_;  // null if absent
  const Tensor* u_;   // the direction, x_dot or ddx; null if absent
  ChannelView view_;
  RunningVariance divisor_;
  Statistics statistics_;
  mutable std::vector<ChannelSizes> sizes_;
  mutable std::vector<ChannelSizes> full_sizes_;  // with sums of magnitudes
  mutable OnceEach known_;                        // sizes_
  mutable OnceEach summed_;                       // full_sizes_
};

}  // namespace exactbn
