// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

// A property that some cases share, in words: "the channel axis is the last".
struct CaseRule {
  std::string text;
  std::function<bool(const Case&)> holds;
};

using CaseList = std::vector<const Case*>;

// Rules for the layout, the formats and the sizes of a case. The threshold of a
// size rule is the least size among `these`.
std::vector<CaseRule> shape_rules(const CaseList& these);

// Rules for what kernels branch on: absent inputs, special parameters, sizes
// that are no multiples of a block.
std::vector<CaseRule> branch_rules(const CaseList& these);

// The first rule that holds for all of `these` and none of the others. Nothing
// if no rule does or there are no others.
std::optional<std::string> distinguishing_rule(std::span<const CaseRule> rules,
                                               const CaseList& these,
                                               const CaseList& others);

// The same among the rules for shape, operation and labels; all labels that
// distinguish are joined. If no single rule does, a pair of rules, if enough
// cases rule out an accident.
std::optional<std::string> distinguishing_rule(const CaseList& these,
                                               const CaseList& others);

// A case of a run and its outcome.
struct JudgedCase {
  const Case* question = nullptr;
  bool failed = false;  // else it passed
};

// Which cases of each operation fail, if one rule describes them:
// "forward_inference fails where the channel axis is the last, and nowhere
// else". The rule holds for every case that failed and for none that passed,
// and some cases passed.
std::vector<std::string> failing_cases(std::span<const JudgedCase> run);

}  // namespace exactbn
