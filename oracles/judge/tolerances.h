// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "oracles/judge/conditions.h"
#include "oracles/judge/verdict.h"
#include "oracles/subject.h"

namespace exactbn {

// The format of x, but at least f32.
DType usual_accumulation(DType x);

// Whether the declared accumulation is shorter than usual for that x. It then
// counts only if the declaration allows that.
bool is_short_accumulation(const Declaration& declaration, DType x);

// The declared accumulation format if it counts, else the usual one.
DType working_format(const Problem& problem, const Declaration& declaration);

// A sentence about an accumulation that is shorter than usual for some of these
// formats of x; empty if it is for none.
std::string short_accumulation_text(const Declaration& declaration,
                                    const std::set<DType>& of_x);

// Whether the bound of an output holds only while w moves little: the output is
// divided by sqrt(w), and w is computed from the batch.
bool is_bounded_through_w(const Problem& problem, Output output);

// The permitted errors of the values of one problem, and whether they are
// meaningful. Thread-safe.
class Tolerances {
 public:
  // The problem and the declaration must outlive this object.
  Tolerances(const Problem& problem, const Declaration& declaration,
             Conditions::Statistics statistics);
  // `statistics` may hold a pointer to this object.
  Tolerances(const Tolerances&) = delete;
  Tolerances& operator=(const Tolerances&) = delete;

  // working_format of the problem.
  DType working() const { return working_; }

  bool keeps_subnormals() const {
    return declaration_.subnormals == Subnormals::keep;
  }

  // Whether kappa u is so large that the bound of the output is void: whether
  // void_ratio is at least 1. That is 5 limit (kappa u + lambda / w), or 0 for
  // an output whose bound always holds.
  bool bound_is_void(Output output, std::int64_t channel) const {
    return void_ratio(output, channel) >= 1;
  }
  Wide void_ratio(Output output, std::int64_t channel) const;

  // The error beyond half an ulp that `eta` permits.
  Magnitudes tolerance(Output output, std::int64_t channel, double eta,
                       Sizes sizes = Sizes::exact) const;

  // The same divided by eta, for one value of any output that is a number.
  Wide tolerance_unit(Output output, std::int64_t i, double eta) const;

  // The least eta that permits this error.
  Wide eta_of(Output output, std::int64_t i, Wide error, Wide half_ulp) const;

  const Conditions& conditions() const { return conditions_; }

  // The number of terms in the sums of an output: m, or 0 without sums.
  double summed(Output output) const;

  // The largest eta that passes.
  double limit(Output output, Grade required) const {
    return eta_limit(required, summed(output));
  }

 private:
  const Problem& problem_;
  const Declaration& declaration_;
  std::int64_t m_;
  Conditions conditions_;
  DType working_;
  Wide u_;
  Wide lambda_;
};

}  // namespace exactbn
