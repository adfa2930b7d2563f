// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "oracles/check/channel_forms.h"
#include "oracles/check/findings.h"

namespace exactbn {

// One thread's part in the check of an output. What it finds is added to what
// all have found when it ends.
class Worker {
 public:
  // The most values that `check` takes.
  static constexpr std::int64_t kBlock = 2048;

  // The arguments must outlive this object.
  Worker(const CheckedOutput& of, Findings& all);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Of those that may yet be the worst.
  void judge(const std::vector<Candidate>& candidates);

  // The values [first, first + n), by the judge alone.
  void judge_all(std::int64_t first, std::int64_t n);

  // The values [first, first + n): rows of the channels of the forms. As many
  // from `next` on come after them.
  void check(ChannelForms& forms, std::int64_t first, std::int64_t n,
             std::int64_t next);

 private:
  using Block = std::array<double, kBlock>;

  // A judged value, to be known again where inputs repeat.
  struct Known {
    std::int64_t channel = -1;
    std::array<std::uint64_t, CheckForms::kMost> in{};
    std::uint64_t got = 0;
    Judgement judgement;
  };

  double passing_ulps() const;
  bool by_eta() const { return of_.required >= Grade::stable; }
  PassBound pass_bound() const;

  void load(std::int64_t first, std::int64_t n, std::int64_t next);
  const void* load(const Tensor& tensor, std::int64_t first, std::int64_t n,
                   Block& buffer) const;
  std::array<double, CheckForms::kMost> inputs_at(std::int64_t i) const;
  double value(const void* values, std::int64_t i) const;
  void measure_all(const ChannelForms& forms, std::int64_t n);
  void fill_tolerances(ChannelForms& forms, std::int64_t n, double eta,
                       double slack, Block& to);

  bool all_pass(ChannelForms& forms, std::int64_t n, const PassBound& bound);
  bool judge_few(const ChannelForms& forms, std::int64_t first, std::int64_t n);
  void judge_block(ChannelForms& forms, std::int64_t first, std::int64_t n);
  void resolve_worst(const ChannelForms& forms, std::int64_t first,
                     std::int64_t n);
  void resolve(const ChannelForms& forms, std::int64_t first, std::int64_t i,
               Sizes sizes);
  bool can_wait(const ChannelForms& forms, std::int64_t first, std::int64_t i,
                Sizes sizes);
  void keep_candidate(const Candidate& candidate);
  void drop_candidates();

  bool surely_passes(const ErrorBounds& b, double tolerance) const;
  bool surely_fails(const ErrorBounds& b, double tolerance) const;
  bool is_another_nan(std::int64_t i) const;
  bool has_finite_inputs(std::int64_t i) const;
  void judge(std::int64_t i);

  const CheckedOutput& of_;
  Findings& all_;
  OutputVerdict found_;
  CheckCounts counts_;
  std::vector<Candidate> candidates_;
  CheckValues values_;
  std::array<Block, CheckForms::kMost + 1> buffers_;
  std::array<ErrorBounds, kBlock> bounds_;
  Block unit_;      // tolerances: at an eta of 1,
  Block sure_;      // at the limit, rounded down,
  Block most_;      // and up,
  Block pass_tol_;  // and at the pass bound's eta
  std::array<bool, kBlock> resolved_;
  std::array<Known, 64> known_;
};

}  // namespace exactbn
