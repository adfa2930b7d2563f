// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/check.h"

namespace exactbn {

// The output to show for a failed case: y or dx if it failed, else the first
// that did. Null if no output failed.
const OutputVerdict* shown_output(const CaseVerdict& verdict);

// Whether a value is worse than every grade allows, so that a defect could
// explain it.
bool is_unstable(const CaseVerdict& verdict);

// What a reader needs to find the cause. Empty lines are left out.
struct Explanation {
  std::string where;       // y[3,2,0,5]
  std::string first;       // var is already wrong: +131 ulp
  std::string scope;       // 3 of 4 values of channel 2; channels 0, 1 clean
  std::string pattern;     // which values fail, if one rule describes them
  std::string looks_like;  // what overflowed, if that is certain
};

// `answer` is the answer that was judged; if null, there is no pattern.
Explanation explain(const Case& c, const Declaration& declaration,
                    const CaseVerdict& verdict, const Answer* answer,
                    Grade required);

}  // namespace exactbn
