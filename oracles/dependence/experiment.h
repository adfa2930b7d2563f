// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "oracles/dependence.h"
#include "oracles/dependence/change.h"
#include "oracles/dependence/moves.h"

namespace exactbn {

using Indices = std::vector<std::int64_t>;

// 0, 1, ...
Indices first_ones(std::int64_t count);

// The channels that are changed and compared one by one: all, or the first and
// the last of many.
Indices channels_to_change(std::int64_t count);

// What a change did to an output.
struct Effect {
  Moves own;     // the values at the places that changed
  Moves others;  // other values of their channel
  // The first channel, other than that of the change, where values moved.
  std::optional<std::int64_t> reached;
  // By how much the value of the channel moved, for every unit that it should.
  std::optional<double> gain;

  Moves all() const { return Moves(own) += others; }
};
using Effects = std::map<Output, Effect>;

// Asks a problem again with one thing changed, and compares the outputs of
// interest with those before. The arguments must outlive this object.
class Experiment {
 public:
  Experiment(const Problem& problem, const OutputNames& outputs,
             const Declaration& declaration, const AskAgain& ask,
             const OutputTensors& answer);

  const Problem& problem() const { return problem_; }
  const OutputNames& outputs() const { return outputs_; }
  const ChannelView& view() const { return view_; }

  // The values of an input that belong to a channel.
  Indices values_of(Input input, std::int64_t channel) const;

  // The values of an output that are NaN whatever x is, and never should be.
  Indices always_nan(Output output) const;

  // Whether the output never depends on that, also where all inputs are others.
  template <class What>
  bool is_irrelevant(Output output, What what) const;

  // The effects of a change, if both ways to make it agree that something is
  // wrong. Empty if the subject does not answer. The first changes values of
  // one channel, the others what concerns all channels, and tell nothing of
  // `own` and `reached`.
  Effects of(Input input, const Indices& values) const;
  Effects of_all(Input input) const;
  Effects of(Parameter parameter) const;

 private:
  std::optional<OutputTensors> answer_to(const Problem& problem) const;
  template <class Change>
  Effects effects(const Change& change, bool like_x,
                  const Indices& values) const;
  Effect effect_on(Output output, const Answered& after, bool like_x,
                   const Indices& values) const;

  const Problem& problem_;
  ChannelView view_;
  const OutputNames& outputs_;
  const Declaration& declaration_;
  const AskAgain& ask_;
  Answered before_;
};

}  // namespace exactbn
