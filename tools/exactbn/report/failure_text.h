// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/explain.h"
#include "tools/exactbn/run.h"

namespace exactbn {

// The command that asks just this case again.
std::string again(const Run& run, const CaseRun& c);

// How far a resemblance goes: "here", or "here, in dbeta alone"; "elsewhere
// not: 7 cases that it would fail pass, 2 fail otherwise"; and "only where x is
// bf16", or empty.
std::string here_text(const Resemblance& resemblance);
std::string elsewhere_text(const Resemblance& resemblance);
std::string only_where_text(const Resemblance& resemblance);

// Where a failed case is wrong, and what that looks like: the defect that
// explains it, or else what overflowed; empty where neither is known.
Explanation explain_case(const Run& run, const CaseRun& c);
std::string looks_like(const Run& run, const CaseRun& c,
                       const Explanation& why);

// A failed case in full: what was got and wanted, how far off, and what points
// at the cause. At most 100 columns, but for the command that repeats it.
std::string failure_text(const Run& run, const CaseRun& c);

}  // namespace exactbn
