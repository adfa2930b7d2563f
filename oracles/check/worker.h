// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "oracles/check/channel_forms.h"
#include "oracles/check/findings.h"

namespace exactbn {

// One thread's share of the check of an output.
class Worker {
 public:
  // The maximal number of values in a call of `check`.
  static constexpr std::int64_t kBlock = 2048;

  // The arguments must outlive this object.
  Worker(const CheckedOutput& checked, Findings& findings);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Adds its findings to those of all threads; call it last.
  void finish();

  // Judges the candidates that may still be the worst.
  void judge(const std::vector<Candidate>& candidates);

  // Judges the values [first, first + n) in exact integers.
  void judge_all(std::int64_t first, std::int64_t n);

  // Checks the values [first, first + n), which are rows of the channels of the
  // forms. The next block starts at `next`, for prefetching.
  void check(ChannelForms& forms, std::int64_t first, std::int64_t n,
             std::int64_t next);

 private:
  using Block = std::array<double, kBlock>;

  // A judged value, kept in case the same inputs repeat.
  struct CachedJudgement {
    std::int64_t channel = -1;
    std::array<std::uint64_t, CheckForms::kMost> in{};
    std::uint64_t got = 0;
    Judgement judgement;
  };

  double passing_ulps() const;
  bool by_eta() const { return checked_.required >= Grade::stable; }
  PassBound pass_bound() const;

  void load(std::int64_t first, std::int64_t n, std::int64_t next);
  const void* load(const Tensor& tensor, std::int64_t first, std::int64_t n,
                   Block& buffer) const;
  std::array<double, CheckForms::kMost> inputs_at(std::int64_t i) const;
  double value(const void* values, std::int64_t i) const;
  void measure_all(const ChannelForms& forms, std::int64_t n);
  void fill_tolerances(ChannelForms& forms, std::int64_t n, double eta,
                       double slack, Block& to);
  double fail_eta() const;
  void fill_bound_tolerances(ChannelForms& forms, std::int64_t n);

  bool all_pass(ChannelForms& forms, std::int64_t n, const PassBound& bound);
  bool judge_if_few(ChannelForms& forms, std::int64_t first, std::int64_t n);
  void judge_block(ChannelForms& forms, std::int64_t first, std::int64_t n);
  void resolve_worst(ChannelForms& forms, std::int64_t first, std::int64_t n);
  void resolve(ChannelForms& forms, std::int64_t first, std::int64_t i,
               Sizes sizes);
  bool defer(ChannelForms& forms, std::int64_t first, std::int64_t i,
             Sizes sizes);
  void keep_candidate(const Candidate& candidate);
  void drop_candidates();

  bool surely_passes(const ErrorBounds& b, double tolerance) const;
  bool surely_fails(const ErrorBounds& b, double tolerance) const;
  void add_failed(std::int64_t i);
  bool is_repeated_nan(std::int64_t i) const;
  bool has_finite_inputs(std::int64_t i) const;
  void judge(std::int64_t i);

  const CheckedOutput& checked_;
  Findings& findings_;
  OutputVerdict verdict_;  // without counts per channel: Findings has them
  CheckCounts counts_;
  std::vector<Candidate> candidates_;
  CheckValues values_;
  std::array<Block, CheckForms::kMost + 1> buffers_;
  std::array<ErrorBounds, kBlock> bounds_;
  Block tol_at_one_;  // tolerances at eta = 1,
  Block tol_low_;     // at the limit, rounded down,
  Block tol_high_;    // at the limit, rounded up,
  Block pass_tol_;    // at the pass bound's eta,
  Block fail_tol_;    // and at fail_eta
  std::array<bool, kBlock> resolved_;
  std::array<CachedJudgement, 64> cache_;
};

}  // namespace exactbn
