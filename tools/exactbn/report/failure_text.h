// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/explain.h"
#include "tools/exactbn/run.h"

namespace exactbn {

// "dx of backward_training: dy is ignored"
std::string dependence_text(const Dependence& d);

// The command that repeats only this case.
std::string again(const Run& run, const CaseRun& c);

// The extent of a resemblance: "here", or "here, in dbeta only"; "not
// elsewhere: 7 cases that this defect would break passed, 2 failed
// differently"; and "only where x is bf16", or empty.
std::string here_text(const Resemblance& resemblance);
std::string elsewhere_text(const Resemblance& resemblance);
std::string only_where_text(const Resemblance& resemblance);

// Where a failed case is wrong, and what it looks like: the defect that
// explains it, else what overflowed, else the wrong formula; empty if none of
// them is known.
Explanation explain_case(const Run& run, const CaseRun& c);
std::string looks_like(const Run& run, const CaseRun& c,
                       const Explanation& why);

// "y of forward_training: gamma is squared"
std::string formula_heading(const WrongFormula& f);

// A failed case in full: the value got, the value wanted, the error, and hints
// at the cause. At most 100 columns, except for the command that repeats it.
std::string failure_text(const Run& run, const CaseRun& c);

}  // namespace exactbn
