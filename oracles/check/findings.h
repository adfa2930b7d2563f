// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "oracles/check/kernel.h"
#include "oracles/check/output_verdict.h"
#include "oracles/check/screen.h"

namespace exactbn {

// An output that is shaped like x, and what it is checked against.
struct CheckedOutput {
  Judgement judge_exactly(std::int64_t i) const;
  // The judge; a screen sums the channel first, if it is not.
  const Judge& exact(std::int64_t channel) const;

  const Problem& problem;
  const Judge& judge;
  Screen* screen;  // or null
  Output output;
  const Tensor& got;
  Grade required;
  ChannelView view;
  InputNames names;  // of the inputs, x the first
  std::vector<const Tensor*> inputs;
  double limit;    // the eta that passes
  double quantum;  // of the answer's format
  bool floats;     // all tensors are f32
};

// The arguments must outlive it.
CheckedOutput checked_output(const Problem& problem, const Judge& judge,
                             Screen* screen, Output output, const Tensor& got,
                             Grade required);

// How many values exact integers had to judge.
struct CheckCounts {
  std::int64_t values = 0;
  std::int64_t by_integers = 0;
};

// What is surely no worse passes, and needs no look: ulps and eta that some
// value surely has.
struct PassBound {
  double ulps = -1;
  double eta = -1;
  bool operator==(const PassBound& other) const = default;
};

// A value that passes, and may be the worst: the most that it may be off by.
struct Candidate {
  std::int64_t index;
  double most_ulps;
  double most_eta;
};

// A number that only grows, seen by all threads.
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

// What all threads have found of an output.
class Findings {
 public:
  // The output must outlive this object.
  explicit Findings(const CheckedOutput& of);

  PassBound pass_bound() const;
  bool may_be_worst(const Candidate& candidate) const;
  // `tolerance` is that of the pass bound's eta.
  bool may_be_worst(const ErrorBounds& bounds, double tolerance) const;

  // What one thread has found.
  void add(const OutputVerdict& found, const CheckCounts& counts,
           const std::vector<Candidate>& candidates);

  // When no thread adds to them.
  std::vector<Candidate> take_candidates();
  const OutputVerdict& verdict() const { return verdict_; }
  const CheckCounts& counts() const { return counts_; }

  RunningMax ulp;  // that some value is surely off by
  RunningMax eta;
  RunningMax eta_of_wrong;      // of values an ulp or more away
  std::atomic<int> misses = 0;  // blocks with many errors over half an ulp
  std::atomic<int> least_misses = 0;  // that the least sizes do not excuse

 private:
  const CheckedOutput& of_;
  std::mutex mutex_;
  std::vector<Candidate> candidates_;
  OutputVerdict verdict_;
  CheckCounts counts_;
};

}  // namespace exactbn
