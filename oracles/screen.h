// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "oracles/judge.h"

namespace exactbn {

// How far the form of an output, made of estimated sums, may be from the exact
// one: |error| <= slope |c in| + of_x |x| + offset, where c is the slope of the
// one input that is not x, or of x where there is no other.
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

  // Channels that lie together in memory. Safe to call from many threads, for
  // channels that are not the same.
  void prepare(const Channels& channels);

  // Whether the bounds of an output's values mean something, and the estimate
  // is good enough to tell.
  bool is_bounded(std::string_view output, std::int64_t channel) const;

  const Judge& judge() const { return estimate_; }
  FormError error(std::string_view output, std::int64_t channel) const;

  // Safe to call from many threads.
  const Judge& exact(std::int64_t channel);

 private:
  const Problem& problem_;
  ChannelView view_;
  Judge estimate_;
  Judge& judge_;
  std::vector<double> error_;      // of the sums; NaN where there are none
  std::vector<double> dy_square_;  // sum dy^2
  std::vector<Channels> groups_;   // what is summed with each channel
  std::unique_ptr<std::once_flag[]> summed_;  // a group, by its first
};

}  // namespace exactbn
