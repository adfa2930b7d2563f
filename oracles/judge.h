// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/judge/infinities.h"
#include "oracles/judge/tolerances.h"
#include "reference/exact.h"

namespace exactbn {

// The judgement of one value.
struct Judgement {
  Grade grade = Grade::correct;
  // False if kappa u is so large that the first-order bound says nothing and
  // the value is not faithful: the grade then means nothing.
  bool decided = true;
  double ulp = 0;  // (got - exact) / ulp(exact); infinite if exact
                   // is 0 and got is not, or if got is no number
  double eta = 0;  // backward error; infinite if got or exact is no number
  std::uint64_t want = 0;  // the correctly rounded bits

  bool operator==(const Judgement& other) const = default;
};

// Judges values of the outputs of one problem, in any format. Thread-safe.
class Judge : public Tolerances {
 public:
  // Sums all channels at once. The arguments must outlive this object.
  Judge(const Problem& problem, const Declaration& declaration);
  Judge(const Problem& problem, Declaration&& declaration) = delete;

  // Sums each channel when it is first needed, or in sum().
  using OnDemand = ExactBatchNorm::OnDemand;
  Judge(const Problem& problem, const Declaration& declaration, OnDemand);
  Judge(const Problem& problem, Declaration&& declaration, OnDemand) = delete;
  void sum(const Channels& channels) const;

  Judgement operator()(Output output, std::int64_t i, std::uint64_t got,
                       DType dtype) const;

  // For an output shaped like x: whether its values in that channel are numbers
  // and their error bound is not void. All of them are then judged by their
  // distance from the exact value and by `tolerance`; where the subject flushes
  // subnormals, those of the output are excused for more than half an ulp.
  bool is_bounded(Output output, std::int64_t channel) const;

  // For a constant channel: whether every partial sum is exact in the working
  // precision, so that no rounding excuses a nonzero variance.
  bool sums_are_exact(std::int64_t channel) const;

  // Whether w is positive even if its variance is mean x^2 - mean^2, computed
  // in twice the working precision.
  bool wide_variance_is_positive(std::int64_t channel) const;

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
  Infinities infinities_;
};

}  // namespace exactbn
