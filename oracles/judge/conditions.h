// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "oracles/judge/condition.h"
#include "oracles/judge/magnitude_sums.h"
#include "reference/once_each.h"

namespace exactbn {

// The 16 channels, or some more at the end, that a channel is among. With the
// channel axis last they share lines of the cache: what sums one of them can as
// well sum all.
Channels group_of(std::int64_t channel, std::int64_t channels);

// How sums of magnitudes enter a condition: as they are, or as sizes that they
// surely have, at least or at most, which need no pass over the values.
enum class Sizes : std::uint8_t { exact, least, greatest };

// The condition of every output of a problem. It means something for a value
// that is a number (Exact::Kind). Safe to use from many threads.
class Conditions {
 public:
  // Sets what the exact sums of a channel, or estimates of them, tell: mean, v,
  // w, s, x2, c, and d and t of dy and of the direction. And what they may know
  // of the sums of magnitudes: at least a and dy.size; dy.square.
  using Statistics = std::function<void(std::int64_t channel, ChannelSizes&)>;

  // The problem must outlive this object. A channel's statistics are asked for
  // when its first condition is.
  Conditions(const Problem& problem, RunningVariance divisor,
             Statistics statistics);

  // Asks for the statistics of these channels. Sums of magnitudes, which are
  // taken when they are needed, then do for neighbours at once.
  void add(const Channels& channels) const;

  Condition at(Output output, std::int64_t i) const;

  // Of a value shaped like x.
  Wide at(const Magnitudes& by, std::int64_t i) const;

  // The same for all values of a channel, of an output that is shaped like x.
  // The greatest sizes are those of y and dx, where dy.square is known.
  ConditionForm form(Output output, std::int64_t channel,
                     Sizes sizes = Sizes::exact) const;

  // kappa = sqrt(mean x^2 / w): w moves by at most 2 kappa theta + (kappa
  // theta)^2, so that the bounds of all that is divided by sqrt(w) mean
  // something only while kappa theta is small. 0 with frozen statistics.
  Wide kappa(std::int64_t channel) const { return of(channel).kappa; }
  Wide w(std::int64_t channel) const { return of(channel).w; }
  Wide mean(std::int64_t channel) const { return of(channel).mean; }
  Wide invstd(std::int64_t channel) const { return of(channel).s; }

 private:
  // All but what comes of sums of magnitudes: a, cov, k, udy, and the sizes of
  // factors.
  const ChannelSizes& of(std::int64_t c) const {
    if (!known_.done(c)) add({c, 1});
    return sizes_[static_cast<std::size_t>(c)];
  }
  const ChannelSizes& whole(std::int64_t c) const;
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
  const Tensor* dy_;  // null where there is none
  const Tensor* u_;   // the direction, x_dot or ddx; likewise
  ChannelView view_;
  RunningVariance divisor_;
  Statistics statistics_;
  mutable std::vector<ChannelSizes> sizes_;
  mutable std::vector<ChannelSizes> whole_;  // with sums of magnitudes
  mutable OnceEach known_;                   // of sizes_
  mutable OnceEach summed_;                  // of whole_
};

}  // namespace exactbn
