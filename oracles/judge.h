// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/judge/tolerances.h"
#include "reference/exact.h"

namespace exactbn {

// What is found of one value.
struct Judgement {
  Grade grade = Grade::correct;
  // Whether the grade means anything: not where kappa u is so large that the
  // first-order bound says nothing, and the value is not faithful either.
  bool decided = true;
  double ulp = 0;          // (got - exact) / ulp(exact); infinite where exact
                           // is 0 and got is not, or got is no number
  double eta = 0;          // backward error; infinite where unlike
  std::uint64_t want = 0;  // the correctly rounded bits

  bool operator==(const Judgement& other) const = default;
};

// Judges the values of one problem, in whatever format they come. Safe to use
// from many threads.
class Judge : public Tolerances {
 public:
  // Sums all channels at once. The arguments must outlive this object.
  Judge(const Problem& problem, const Declaration& declaration);

  // As ExactBatchNorm's.
  using OnDemand = ExactBatchNorm::OnDemand;
  Judge(const Problem& problem, const Declaration& declaration, OnDemand);
  void sum(const Channels& channels) const;

  Judgement operator()(Output output, std::int64_t i, std::uint64_t got,
                       DType dtype) const;

  // Whether the values of an output shaped like x are numbers in that channel,
  // and the bound of their error means something: all of them are judged by
  // their distance from the exact value then, and by `tolerance`.
  bool is_bounded(Output output, std::int64_t channel) const;

  // Whether every partial sum of the equal values of a channel is exact in the
  // working precision, so that no rounding excuses a variance that is not 0.
  bool sums_are_exact(std::int64_t channel) const;

  const ExactBatchNorm& exact() const { return exact_; }

 private:
  Judgement number(Output output, std::int64_t i, const Surd& exact,
                   std::uint64_t got, DType dtype) const;
  Judgement convention(Exact::Kind kind, Output output, std::int64_t i,
                       std::uint64_t got, DType dtype) const;
  const Problem& problem_;
  const Declaration& declaration_;
  ChannelView view_;
  ExactBatchNorm exact_;
};

}  // namespace exactbn
