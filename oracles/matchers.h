// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests that use GoogleTest; the library itself does not need it.
#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oracles/convention.h"
#include "oracles/mismatch.h"

namespace exactbn {

// EXPECT_THAT(outputs, IsBatchNormOf(problem)), with Tensors by name: every
// output is present, and every value has the grade `sequential` or better.
// Undecided values do not match, unless or_undecided() is set. Wrong values in
// extreme channels match, unless the declaration's domain is `all`. On a
// mismatch the message names the worst value and its error and, if x has at
// most 16,384 values, the known defect that explains it.
class IsBatchNormOf {
 public:
  using is_gtest_matcher = void;

  explicit IsBatchNormOf(Problem problem) : problem_(std::move(problem)) {}

  // The grade that every value must have.
  IsBatchNormOf at(Grade required) && {
    required_ = required;
    return std::move(*this);
  }

  // The subject's declaration: its conventions, the format of its sums, and the
  // outputs that must be present.
  IsBatchNormOf declared(Declaration declaration) && {
    declaration_ = std::move(declaration);
    return std::move(*this);
  }

  // A declared accumulation that is shorter than the format of x, or than f32,
  // counts, so that larger errors match.
  IsBatchNormOf allowing_short_accumulation() && {
    declaration_.allows_short_accumulation = true;
    return std::move(*this);
  }

  // The convention of a framework: "keras". With the weight of the old
  // statistic, the problem's momentum is what the kernel was given. Throws
  // std::invalid_argument if the framework is unknown.
  IsBatchNormOf convention(std::string_view framework) && {
    declaration_ = by_convention(std::move(declaration_), framework);
    return std::move(*this);
  }

  // Only these outputs must be present. Others that are present are judged too.
  IsBatchNormOf offering(std::vector<Output> outputs) && {
    declaration_.outputs[problem_.operation] = std::move(outputs);
    return std::move(*this);
  }

  // Undecided values match too: for drawn problems, some of which are too
  // ill-conditioned for any bound.
  IsBatchNormOf or_undecided() && {
    passing_ = Verdict::undecided;
    return std::move(*this);
  }

  bool MatchAndExplain(const OutputTensors& outputs, std::ostream* os) const {
    const Mismatch found = mismatch(problem_, outputs, declaration_, required_);
    const bool matches =
        found.verdict <= passing_ || found.verdict == Verdict::beyond;
    if (os && !matches) *os << "which do not match:\n" << found.text;
    return matches;
  }

  void DescribeTo(std::ostream* os) const {
    *os << "are the outputs of " << outline(problem_) << ", graded "
        << to_string(required_) << " or better";
  }
  void DescribeNegationTo(std::ostream* os) const {
    *os << "are not the outputs of " << outline(problem_) << ", graded "
        << to_string(required_) << " or better";
  }

 private:
  Problem problem_;
  Declaration declaration_;
  Grade required_ = Grade::sequential;
  Verdict passing_ = Verdict::passed;  // the worst that matches
};

}  // namespace exactbn
