// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests that use GoogleTest; the library itself does not need it.
#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "oracles/mismatch.h"

namespace exactbn {

// EXPECT_THAT(outputs, IsBatchNormOf(problem)), with Tensors by name: every
// output is there, and every value of the grade `sequential` or better. What is
// undecided does not match, unless it may. Where they do not match, the message
// says which value is worst, how far off it is, and, where x has no more than
// 16,384 values, what known defect it looks like.
class IsBatchNormOf {
 public:
  using is_gtest_matcher = void;

  explicit IsBatchNormOf(Problem problem) : problem_(std::move(problem)) {}

  // The grade that every value must have.
  IsBatchNormOf at(Grade required) && {
    required_ = required;
    return std::move(*this);
  }

  // The conventions, the format of its sums, and the outputs that must be there
  // are those that a subject declares.
  IsBatchNormOf declared(Declaration declaration) && {
    declaration_ = std::move(declaration);
    return std::move(*this);
  }

  // Only these outputs must be there. Others that are there are judged, too.
  IsBatchNormOf offering(std::vector<Output> outputs) && {
    declaration_.outputs[problem_.operation] = std::move(outputs);
    return std::move(*this);
  }

  // What no bound decides matches, too: for problems that are drawn, of which
  // some are so ill-conditioned.
  IsBatchNormOf or_undecided() && {
    passing_ = Verdict::undecided;
    return std::move(*this);
  }

  bool MatchAndExplain(const OutputTensors& outputs, std::ostream* os) const {
    const Mismatch found = mismatch(problem_, outputs, declaration_, required_);
    const bool matches = found.verdict <= passing_;
    if (os && !matches) *os << "which are not:\n" << found.text;
    return matches;
  }

  void DescribeTo(std::ostream* os) const {
    *os << "are the outputs of " << outline(problem_) << ", of the grade "
        << to_string(required_) << " or better";
  }
  void DescribeNegationTo(std::ostream* os) const {
    *os << "are not the outputs of " << outline(problem_) << ", of the grade "
        << to_string(required_) << " or better";
  }

 private:
  Problem problem_;
  Declaration declaration_;
  Grade required_ = Grade::sequential;
  Verdict passing_ = Verdict::passed;  // the worst that does
};

}  // namespace exactbn
