// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "oracles/judge.h"
#include "reference/sums/double_double.h"
#include "reference/sums/estimated.h"

namespace exactbn {

// An output's values within a channel, slope in + by_x x + offset, where `in`
// is the input that is not x, or x where there is no other and by_x is 0.
struct EstimatedForm {
  DoubleDouble slope;
  DoubleDouble by_x;
  DoubleDouble offset;
};

// How far such a form may be from the exact one:
// |error| <= slope |c in| + of_x |x| + offset, where c is the slope.
struct FormError {
  double slope = 0;
  double of_x = 0;
  double offset = 0;
};

// A judge that knows the sums of a batch only nearly, at a fraction of the
// price: good enough to pass most values. The exact judge is asked about the
// others, and sums a channel when it first is.
class Screen {
 public:
  // The arguments must outlive this object. No channel of `judge` may have been
  // prepared.
  Screen(const Problem& problem, const Declaration& declaration, Judge& judge);

  // Channels that lie together in memory, of a problem of first order. Safe to
  // call from many threads, for channels that are not the same.
  void prepare(const Channels& channels);

  // Whether the values of the output are numbers, their bounds mean something,
  // and the estimate is good enough to tell.
  bool is_bounded(Output output, std::int64_t channel) const;

  EstimatedForm form(Output output, std::int64_t channel) const;
  FormError error(Output output, std::int64_t channel) const;

  // For tolerances and their bounds.
  const Judge& judge() const { return estimate_; }

  // The exact judge, which knows that channel then. This and what follows are
  // safe to call from many threads.
  const Judge& exact(std::int64_t channel);

  // What the exact judge says of value i of an output that is shaped like x.
  Judgement judge_exactly(Output output, std::int64_t i, std::uint64_t got,
                          DType dtype);

  // Takes the sums that this needs of a channel. It does so when it must.
  void open(std::int64_t channel);

 private:
  // The quantities of the formulas, by their names there.
  struct Channel {
    double error = 0;      // of the sums, as a part of those of magnitudes
    double dy_square = 0;  // sum dy^2
    DoubleDouble mean;
    DoubleDouble w;
    DoubleDouble s;  // 1/sqrt(w)
    DoubleDouble d;  // D1/m
    DoubleDouble t;  // T/m
    double gamma = 1;
    double beta = 0;
    bool known = false;
  };

  void estimate(const Channels& channels);
  // A channel that is judged as a problem of its own: its values lie in lines
  // that others share, and are read but once.
  struct Alone {
    Alone(Problem&& of_channel, const Declaration& declaration)
        : problem(std::move(of_channel)), judge(problem, declaration) {}

    Problem problem;
    Judge judge;
  };

  bool is_alone(std::int64_t c) const;
  Channel channel_of(const EstimatedSums& sums, std::int64_t c) const;
  const Channel& of(std::int64_t c) const {
    return channels_[static_cast<std::size_t>(c)];
  }

  const Problem& problem_;
  const Declaration& declaration_;
  ChannelView view_;
  Judge estimate_;
  Judge& judge_;
  std::vector<Channel> channels_;
  std::vector<Channels> groups_;  // what is summed with each channel
  std::vector<std::unique_ptr<Alone>> alone_;
  std::unique_ptr<std::once_flag[]> opened_;
  std::unique_ptr<std::once_flag[]> summed_;  // a group, by its first
};

}  // namespace exactbn
