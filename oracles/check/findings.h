// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "oracles/check/kernel.h"
#include "oracles/check/output_verdict.h"
#include "oracles/check/screen.h"

namespace exactbn {

// An output shaped like x and everything needed to check it.
struct CheckedOutput {
  Judgement judge_exactly(std::int64_t i) const;
  // The judge, after the screen, if any, has summed the channel.
  const Judge& exact(std::int64_t channel) const;

  const Problem& problem;
  const Judge& judge;
  Screen* screen;  // or null
  Output output;
  const Tensor& got;
  Grade required;
  ChannelView view;
  InputNames names;  // of the inputs, x first
  std::vector<const Tensor*> inputs;
  double limit;    // the largest eta that passes
  double quantum;  // of the answer's format
  bool floats;     // all tensors are f32
};

// The arguments must outlive the result.
CheckedOutput checked_output(const Problem& problem, const Judge& judge,
                             Screen* screen, Output output, const Tensor& got,
                             Grade required);

// The number of values, and of those that exact integers had to judge.
struct CheckCounts {
  std::int64_t values = 0;
  std::int64_t by_integers = 0;
};

// A value that certainly passes and is certainly no worse than this needs no
// further check: some value certainly has at least these ulps and this eta.
struct PassBound {
  double ulps = -1;
  double eta = -1;
  bool operator==(const PassBound& other) const = default;
};

// A value that passes and may be the worst, with upper bounds of its error.
struct Candidate {
  std::int64_t index;
  double max_ulps;
  double max_eta;
};

// The maximum of all numbers raised so far, shared by all threads.
class RunningMax {
 public:
  double get() const { return value_.load(std::memory_order_relaxed); }
  void raise(double to) {
    double seen = get();
    while (to > seen &&
           !value_.compare_exchange_weak(seen, to, std::memory_order_relaxed)) {
    }
  }

 private:
  std::atomic<double> value_ = 0;
};

// The findings of all threads about an output.
class Findings {
 public:
  // The output must outlive this object.
  explicit Findings(const CheckedOutput& checked);

  PassBound pass_bound() const;
  bool may_be_worst(const Candidate& candidate) const;
  // `tolerance` is the tolerance at the pass bound's eta.
  bool may_be_worst(const ErrorBounds& bounds, double tolerance) const;

  // Counts a failed value in that channel. A count for all channels in every
  // worker would take time in the square of their number.
  void add_failed_in(std::int64_t channel) {
    std::atomic_ref(
        verdict_.failed_in_channel[static_cast<std::size_t>(channel)])
        .fetch_add(1, std::memory_order_relaxed);
  }

  // Adds the findings of one thread, but for its counts per channel.
  void add(const OutputVerdict& found, const CheckCounts& counts,
           const std::vector<Candidate>& candidates);

  // Call these only when no thread adds findings.
  std::vector<Candidate> take_candidates();
  const OutputVerdict& verdict() const { return verdict_; }
  const CheckCounts& counts() const { return counts_; }

  // Lower bounds of the largest error, in ulps, and the largest eta.
  RunningMax ulp;
  RunningMax eta;
  RunningMax eta_of_unfaithful;  // of values an ulp or more away
  std::atomic<int> misses = 0;   // blocks with many errors over half an ulp
  // Blocks that pass, but not with the least sizes.
  std::atomic<int> least_size_misses = 0;

 private:
  const CheckedOutput& checked_;
  std::mutex mutex_;
  std::vector<Candidate> candidates_;
  OutputVerdict verdict_;
  CheckCounts counts_;
};

}  // namespace exactbn
