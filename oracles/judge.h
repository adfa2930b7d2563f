// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "oracles/judge/condition.h"
#include "oracles/judge/verdict.h"
#include "oracles/subject.h"
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

// The format that the subject says it sums in; by default that of x, but f32
// for the shorter ones.
DType working_format(const Problem& problem, const Declaration& declaration);

// Whether the bound of an output is one only while w does not move by much: it
// is divided by sqrt(w), and sums the values of a channel.
bool is_bounded_through_w(const Problem& problem, Output output);

// Judges the values of one problem, in whatever format they come.
class Judge {
 public:
  // The arguments must outlive this object.
  Judge(const Problem& problem, const Declaration& declaration);

  // As ExactBatchNorm's.
  using Deferred = ExactBatchNorm::Deferred;
  Judge(const Problem& problem, const Declaration& declaration, Deferred);
  void prepare(const Channels& channels);
  // For tolerances and bounds alone: no value of these channels can be judged.
  void prepare(const Channels& channels,
               std::span<const WideStatistics> statistics);

  // Safe to call from many threads.
  Judgement operator()(Output output, std::int64_t i, std::uint64_t got,
                       DType dtype) const;

  // Whether the values of an output shaped like x are numbers in that channel,
  // and the bound of their error means something: all of them are judged by
  // their distance from the exact value then, and by `tolerance`.
  bool is_bounded(Output output, std::int64_t channel) const;

  bool keeps_subnormals() const {
    return declaration_.subnormals == Subnormals::keep;
  }

  // Whether kappa u is so large that the bound of that output says nothing; and
  // the number that tells: 1 and above, and it is.
  bool bound_is_void(Output output, std::int64_t channel) const {
    return void_measure(output, channel) >= 1;
  }
  Wide void_measure(Output output, std::int64_t channel) const;

  // Whether every partial sum of the equal values of a channel is exact in the
  // working precision, so that no rounding excuses a variance that is not 0.
  bool sums_are_exact(std::int64_t channel) const;

  // The error beyond half an ulp that a value may have at that eta.
  Magnitudes tolerance(Output output, std::int64_t channel, double eta,
                       Sizes sizes = Sizes::exact) const;

  // The same, per unit of that eta, for one value of any output that is a
  // number.
  Wide tolerance_unit(Output output, std::int64_t i, double eta) const;

  const ExactBatchNorm& exact() const { return exact_; }
  const Conditions& conditions() const { return conditions_; }

  // How many inputs a value of the output sums: m, or 0 where it sums none.
  double summed(Output output) const;

  // The largest eta that passes for an output.
  double limit(Output output, Grade required) const {
    return eta_limit(required, summed(output));
  }

 private:
  Judgement number(Output output, std::int64_t i, const Surd& exact,
                   std::uint64_t got, DType dtype) const;
  Judgement convention(Exact::Kind kind, Output output, std::int64_t i,
                       std::uint64_t got, DType dtype) const;
  const Problem& problem_;
  const Declaration& declaration_;
  ChannelView view_;
  ExactBatchNorm exact_;
  Conditions conditions_;
  DType working_;
  Wide u_;
  Wide lambda_;
};

}  // namespace exactbn
