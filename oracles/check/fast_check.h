// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>
#include <string_view>
#include <vector>

#include "oracles/check/channel_forms.h"
#include "oracles/check/output_verdict.h"
#include "oracles/check/screen.h"
#include "reference/rounded.h"
#include "reference/rounded/affine_form.h"

namespace exactbn {

// How many values exact integers had to judge.
struct CheckCounts {
  std::int64_t values = 0;
  std::int64_t by_integers = 0;
};

// Checks an output that is shaped like x: doubles with an error bound tell
// which values are surely right, or surely wrong, and cannot be the worst. The
// judge sees the others, so that the verdict is the same as if it had seen all.
class FastCheck {
 public:
  // The arguments must outlive this object. Where there is a screen it prepares
  // the judge.
  FastCheck(const Problem& problem, const Judge& judge, Screen* screen,
            Output output, const Tensor& got, Grade required,
            Filter filter = Filter::on);

  // Values of channels that the screen, or else the judge, has prepared. Safe
  // to call from many threads, for channels that are not the same.
  void check(const Channels& channels);

  // When all channels have been checked.
  const OutputVerdict& finish();
  const CheckCounts& counts() const { return counts_; }

 private:
  class Worker;

  // A value that passes, and may be the worst: the most that it may be off by.
  struct Contender {
    std::int64_t index;
    double most_ulps;
    double most_eta;
  };

  // What is surely no worse passes unheard.
  struct Quiet {
    double ulps = -1;
    double eta = -1;
    bool operator==(const Quiet& other) const = default;
  };

  // Who judges the values of a channel: integers each of them, or bounds most.
  enum class Way : std::uint8_t { integers, exact_sums, screen };

  // A number that only grows, seen by all threads.
  class Record {
   public:
    double get() const { return value_.load(std::memory_order_relaxed); }
    void raise(double to) {
      double seen = get();
      while (to > seen && !value_.compare_exchange_weak(
                              seen, to, std::memory_order_relaxed)) {
      }
    }

   private:
    std::atomic<double> value_ = 0;
  };

  // What some value is surely off by, at least.
  Quiet record() const;
  bool may_be_the_worst(const Contender& contender) const;

  // Prepared for that channel.
  const Judge& exact(std::int64_t channel);
  Judgement judge_exactly(std::int64_t i, std::uint64_t got);
  Way way(std::int64_t channel);
  std::optional<ChannelForms> tests(const Channels& channels, Way way);
  // Blocks of values of the channels, by all threads where that is worth them:
  // check_block(b, tests, worker).
  template <class CheckBlock>
  void share(const Channels& channels, Way way, std::int64_t blocks,
             const CheckBlock& check_block);
  void check_along(std::int64_t channel);
  void check_across(const Channels& channels, Way way);

  const Problem& problem_;
  const Judge& judge_;
  Screen* screen_;
  Output output_;
  const Tensor& got_;
  Grade required_;
  Filter filter_;
  ChannelView view_;
  InputNames names_;  // of the inputs, x the last
  std::vector<const Tensor*> inputs_;
  double limit_;
  double quantum_;
  bool floats_;                  // all tensors are f32
  std::atomic<int> misses_ = 0;  // blocks with many errors over half an ulp
  std::atomic<int> misses_of_least_ = 0;  // that the least sizes do not excuse
  std::vector<Contender> contenders_;
  Record ulp_;  // that some value is surely off by
  Record eta_;
  Record eta_of_wrong_;  // of values an ulp or more away
  OutputVerdict verdict_;
  CheckCounts counts_;
};

}  // namespace exactbn
