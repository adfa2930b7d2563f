// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "oracles/check.h"

namespace exactbn {

// A case that was asked, its answer and the verdict on it.
struct JudgedAnswer {
  const Case* question = nullptr;
  const Answer* answer = nullptr;
  const CaseVerdict* verdict = nullptr;
};

// A convention that a subject follows although it declares another one.
struct OtherConvention {
  std::string field;  // of the declaration: "momentum"
  std::string word;   // its value: "weight_of_old"
  std::string what;   // "momentum multiplies the old statistic"

  bool operator==(const OtherConvention&) const = default;
};

// Conventions that turn failures into passes, as far as these cases tell.
struct ConventionFit {
  std::vector<OtherConvention> others;  // empty: the declared ones fit best
  Declaration declaration;              // with the other conventions
  // Whether the subject took each momentum for the weight of the other
  // statistic.
  bool other_momentum = false;
  // The answers whose verdict may be another one by these conventions,
  // ascending.
  std::vector<std::size_t> changed;

  // The case as the subject may have read it: one way, or two for a cumulative
  // average, which a subject may do although it has another momentum.
  std::vector<Case> readings(const Case& c) const;
};

// A convention is taken for the subject's if it turns at least half of some
// output's failures, where the conventions differ, into passes, and spoils no
// value that passes.
ConventionFit fit_convention(std::span<const JudgedAnswer> answers,
                             const Declaration& declared, Grade required);

}  // namespace exactbn
