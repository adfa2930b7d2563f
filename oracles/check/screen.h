// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "oracles/judge.h"
#include "reference/sums/double_double.h"
#include "reference/sums/estimated.h"

namespace exactbn {

// The values of an output within a channel: slope in + by_x x + offset, where
// `in` is the input other than x, or x itself if it is the only one; by_x is
// then 0.
struct EstimatedForm {
  DoubleDouble slope;
  DoubleDouble by_x;
  DoubleDouble offset;
};

// Bounds the distance of an estimated form, of slope c, from the exact one:
//   |error| <= slope |c in| + of_x |x| + offset.
struct FormError {
  double slope = 0;
  double of_x = 0;
  double offset = 0;
};

// Estimates the sums of a batch at a fraction of their cost, well enough to
// pass most values. The judge decides the others, and sums a channel only when
// it must. Thread-safe.
class Screen {
 public:
  // The arguments must outlive this object. The operation must be of first
  // order, and the judge must sum on demand.
  Screen(const Problem& problem, const Declaration& declaration,
         const Judge& judge);

  // Estimates the sums of these channels together, which is faster than one
  // channel at a time on demand.
  void estimate(const Channels& channels) const;

  // Whether the estimate proves that the output's values in that channel are
  // numbers with a bound that is not void, and is accurate enough to test them.
  bool is_bounded(Output output, std::int64_t channel) const;

  EstimatedForm form(Output output, std::int64_t channel) const;
  FormError error(Output output, std::int64_t channel) const;

  const Tolerances& tolerances() const { return tolerances_; }

  // The judge, after it has summed this channel and neighbours that need it.
  const Judge& exact(std::int64_t channel) const;

  // The judgement of value i of an output shaped like x, from exact sums.
  Judgement judge_exactly(Output output, std::int64_t i, std::uint64_t got,
                          DType dtype);

  // Computes the exact sums of a channel that judge_exactly needs, unless it
  // has them. Calling this first is optional.
  void sum_exactly(std::int64_t channel);

 private:
  // The estimates, with their names in bounds.md.
  struct Channel {
    double error = 0;      // of the sums, relative to sums of magnitudes
    double dy_square = 0;  // sum dy^2
    DoubleDouble s2;       // sum x^2
    double size = 0;       // sum |x|, approximately
    double dy_size = 0;    // sum |dy|
    DoubleDouble mean;
    DoubleDouble w;
    DoubleDouble s;  // 1/sqrt(w)
    DoubleDouble d;  // D1/m
    DoubleDouble t;  // T/m
    double gamma = 1;
    double beta = 0;
    bool known = false;
  };

  // A channel copied into a problem of its own. Its values share cache lines
  // with other channels; the copy reads them only once.
  struct ChannelJudge {
    ChannelJudge(Problem&& of_channel, const Declaration& declaration)
        : problem(std::move(of_channel)), judge(problem, declaration) {}

    Problem problem;
    Judge judge;
  };

  bool needs_own_judge(std::int64_t c) const;
  Channels summed_with(std::int64_t c) const;
  Channel channel_of(const EstimatedSums& sums, std::int64_t c) const;
  void set_statistics(std::int64_t c, ChannelSizes& to) const;
  const Channel& estimated(std::int64_t c) const {
    if (!estimated_.done(c)) estimate({c, 1});
    return channels_[static_cast<std::size_t>(c)];
  }

  const Problem& problem_;
  const Declaration& declaration_;
  ChannelView view_;
  Output output_;  // the one shaped like x
  Tolerances tolerances_;
  const Judge& judge_;
  mutable std::vector<Channel> channels_;
  mutable OnceEach estimated_;
  // Null for channels that are not copied.
  std::vector<std::unique_ptr<ChannelJudge>> channel_judges_;
  OnceEach summed_exactly_;
};

}  // namespace exactbn
