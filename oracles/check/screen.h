// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
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

// Knows the sums of a batch only nearly, at a fraction of the price: good
// enough to pass most values. The judge is asked about the others, and sums a
// channel when it first is. Safe to use from many threads.
class Screen {
 public:
  // The arguments must outlive this object; the problem is of first order, and
  // the judge sums on demand.
  Screen(const Problem& problem, const Declaration& declaration,
         const Judge& judge);

  // Takes the sums of these channels at once, which is faster than to wait
  // until each of them is asked for.
  void estimate(const Channels& channels) const;

  // Whether the values of the output are numbers, their bounds mean something,
  // and the estimate is good enough to tell.
  bool is_bounded(Output output, std::int64_t channel) const;

  EstimatedForm form(Output output, std::int64_t channel) const;
  FormError error(Output output, std::int64_t channel) const;

  const Tolerances& tolerances() const { return tolerances_; }

  // The judge, after it has summed that channel, and neighbours that need it.
  const Judge& exact(std::int64_t channel) const;

  // What the judge says of value i of an output that is shaped like x.
  Judgement judge_exactly(Output output, std::int64_t i, std::uint64_t got,
                          DType dtype);

  // Takes the sums that this needs of a channel. It does so when it must.
  void open(std::int64_t channel);

 private:
  // The quantities of the formulas, by their names there.
  struct Channel {
    double error = 0;      // of the sums, as a part of those of magnitudes
    double dy_square = 0;  // sum dy^2
    DoubleDouble s2;       // sum x^2
    double size = 0;       // sum |x|, nearly
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

  // A channel that is judged as a problem of its own: its values lie in lines
  // that others share, and are read but once.
  struct Alone {
    Alone(Problem&& of_channel, const Declaration& declaration)
        : problem(std::move(of_channel)), judge(problem, declaration) {}

    Problem problem;
    Judge judge;
  };

  bool is_alone(std::int64_t c) const;
  Channels summed_with(std::int64_t c) const;
  Channel channel_of(const EstimatedSums& sums, std::int64_t c) const;
  void set_statistics(std::int64_t c, ChannelSizes& to) const;
  const Channel& of(std::int64_t c) const {
    if (!estimated_.done(c)) estimate({c, 1});
    return channels_[static_cast<std::size_t>(c)];
  }

  const Problem& problem_;
  const Declaration& declaration_;
  ChannelView view_;
  Output output_;  // that is shaped like x
  Tolerances tolerances_;
  const Judge& judge_;
  mutable std::vector<Channel> channels_;
  mutable OnceEach estimated_;
  std::vector<std::unique_ptr<Alone>> alone_;  // null where it is not
  OnceEach opened_;
};

}  // namespace exactbn
