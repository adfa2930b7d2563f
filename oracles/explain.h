// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/check.h"

namespace exactbn {

// The output to show of a failed case: y or dx where it failed, else the first
// that did. Nothing where no output failed.
const OutputVerdict* shown_output(const CaseVerdict& verdict);

// Whether a value failed that no grade allows: what a defect could explain.
bool is_unstable(const CaseVerdict& verdict);

// What a reader needs to find the cause. Empty lines are left out.
struct Explanation {
  std::string where;       // y[3,2,0,5]
  std::string first;       // var is already wrong: +131 ulp
  std::string scope;       // 3 of 4 values of channel 2; channels 0, 1 clean
  std::string pattern;     // which they are, where one rule tells
  std::string looks_like;  // what overflowed, where it is certain
};

// The answer is the one that was judged; without it there is no pattern.
Explanation explain(const Case& c, const Declaration& declaration,
                    const CaseVerdict& verdict, const Answer* answer,
                    Grade required);

}  // namespace exactbn
