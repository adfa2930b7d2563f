// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "oracles/judge.h"

namespace exactbn {

// Whether values that a change should move did move.
struct Moves {
  int due = 0;    // how many should
  int seen = 0;   // how many of those did, by a bit or more
  int stray = 0;  // how many others did, by more than any rounding

  bool ignore() const { return due > 0 && seen == 0; }
  Moves& operator+=(const Moves& other) {
    due += other.due;
    seen += other.seen;
    stray += other.stray;
    return *this;
  }
};

// A problem, a subject's answer to it and the exact values. The arguments must
// outlive this object.
class Answered {
 public:
  Answered(const Problem& problem, const Declaration& declaration,
           const OutputTensors& outputs)
      : problem_(problem),
        outputs_(outputs),
        judge_(problem, declaration, Judge::OnDemand()) {}

  const Problem& problem() const { return problem_; }
  const OutputTensors& outputs() const { return outputs_; }

  // Whether the exact value is a number.
  bool is_number(Output output, std::int64_t i) const {
    return value(output, i).known;
  }
  // Whether value i of an output moved from here to there, and should have.
  Moves moves(const Answered& there, Output output, std::int64_t i) const;
  // How far it moved for every unit that it should have. Nothing if it should
  // have moved too little to tell.
  std::optional<double> gain(const Answered& there, Output output,
                             std::int64_t i) const;

 private:
  // The exact value, and the error that a sound kernel may have. Not known if
  // it is no number, or the error has no bound.
  struct Value {
    bool known = false;
    double value = 0;
    double slack = 0;
  };
  Value value(Output output, std::int64_t i) const;
  // The output there, if it has the format and the shape of that here; or null.
  const Tensor* alike(const Answered& there, Output output) const;

  const Problem& problem_;
  const OutputTensors& outputs_;
  Judge judge_;
};

}  // namespace exactbn
