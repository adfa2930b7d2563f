// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

// What some cases have in common, in words: "the channel axis is the last".
struct CaseRule {
  std::string text;
  std::function<bool(const Case&)> holds;
};

using CaseList = std::vector<const Case*>;

// Rules of the layout, the formats and the sizes of a case. A size counts from
// the least of `these` on.
std::vector<CaseRule> shape_rules(const CaseList& these);

// The first rule that holds of all `these` and of none of the others. Nothing
// where there is none, or there are no others.
std::optional<std::string> telling_rule(std::span<const CaseRule> rules,
                                        const CaseList& these,
                                        const CaseList& others);

// The same among the rules of the shape, the operations and the labels: of
// labels all that tell. Where no rule does, two of them together, if there are
// enough cases that this is no accident.
std::optional<std::string> telling_rule(const CaseList& these,
                                        const CaseList& others);

// What came of a case of a run.
struct JudgedCase {
  const Case* question = nullptr;
  bool failed = false;  // or passed
};

// Which cases of an operation fail, where one rule tells: "forward_inference
// fails where the channel axis is the last, and nowhere else". The rule holds
// of every case that failed and of none that passed, and both kinds are there.
std::vector<std::string> failing_cases(std::span<const JudgedCase> run);

}  // namespace exactbn
