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
// undecided does not match. Where they do not match, the message says which
// value is worst, how far off it is, and what that looks like.
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
  IsBatchNormOf offering(std::vector<std::string> outputs) && {
    declaration_.outputs[problem_.operation] = std::move(outputs);
    return std::move(*this);
  }

  bool MatchAndExplain(const Tensors& outputs, std::ostream* os) const {
    const std::string text =
        mismatch(problem_, outputs, declaration_, required_);
    if (os && !text.empty()) *os << "which are not:\n" << text;
    return text.empty();
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
};

// How GoogleTest prints them.
inline void PrintTo(const Tensor& tensor, std::ostream* os) {
  *os << outline(tensor);
}
inline void PrintTo(const Problem& problem, std::ostream* os) {
  *os << outline(problem);
}

}  // namespace exactbn
