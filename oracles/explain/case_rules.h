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

}  // namespace exactbn
