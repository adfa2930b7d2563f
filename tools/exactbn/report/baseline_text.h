// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "tools/exactbn/report/json_parts.h"
#include "tools/exactbn/report/properties_report.h"
#include "tools/exactbn/run.h"

namespace exactbn {

// How a run differs from its baseline, in counts of what the verb judges: cases
// or laws.
struct BaselineCounts {
  std::int64_t known = 0;
  std::int64_t news = 0;  // new or worse
};
BaselineCounts baseline_counts(const Run& run);
BaselineCounts baseline_counts(const PropertiesRun& run);

// A line for each failure that is mended, then a line of counts:
// "baseline   F: 26 cases known, 1 new or worse, 3 mended". `unit` is "case" or
// "law".
std::string baseline_text(const BaselineOutcome& outcome,
                          const BaselineCounts& counts, const char* unit);

// `file`, `known`, `new` and `mended`.
Json baseline_json(const BaselineOutcome& outcome,
                   const BaselineCounts& counts);

}  // namespace exactbn
