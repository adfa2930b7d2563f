// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/judge/conditions.h"
#include "oracles/judge/verdict.h"
#include "oracles/subject.h"

namespace exactbn {

// The format that the subject says it sums in; by default that of x, but f32
// for the shorter ones.
DType working_format(const Problem& problem, const Declaration& declaration);

// Whether the bound of an output is one only while w does not move by much: it
// is divided by sqrt(w), and sums the values of a channel.
bool is_bounded_through_w(const Problem& problem, Output output);

// What the values of one problem may be off by, and where that means something.
// Safe to use from many threads.
class Tolerances {
 public:
  // The problem and the declaration must outlive this object.
  Tolerances(const Problem& problem, const Declaration& declaration,
             Conditions::Statistics statistics);
  // `statistics` may know where it is.
  Tolerances(const Tolerances&) = delete;
  Tolerances& operator=(const Tolerances&) = delete;

  bool keeps_subnormals() const {
    return declaration_.subnormals == Subnormals::keep;
  }

  // Whether kappa u is so large that the bound of that output says nothing; and
  // the number that tells: 1 and above, and it is.
  bool bound_is_void(Output output, std::int64_t channel) const {
    return void_measure(output, channel) >= 1;
  }
  Wide void_measure(Output output, std::int64_t channel) const;

  // The error beyond half an ulp that a value may have at that eta.
  Magnitudes tolerance(Output output, std::int64_t channel, double eta,
                       Sizes sizes = Sizes::exact) const;

  // The same, per unit of that eta, for one value of any output that is a
  // number.
  Wide tolerance_unit(Output output, std::int64_t i, double eta) const;

  // The least eta that excuses such an error.
  Wide eta_of(Output output, std::int64_t i, Wide error, Wide half_ulp) const;

  const Conditions& conditions() const { return conditions_; }

  // How many inputs a value of the output sums: m, or 0 where it sums none.
  double summed(Output output) const;

  // The largest eta that passes for an output.
  double limit(Output output, Grade required) const {
    return eta_limit(required, summed(output));
  }

 private:
  const Problem& problem_;
  const Declaration& declaration_;
  std::int64_t m_;
  Conditions conditions_;
  Wide u_;
  Wide lambda_;
};

}  // namespace exactbn
