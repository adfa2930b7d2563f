// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "tools/exactbn/report/properties_report.h"
#include "tools/exactbn/run.h"

namespace exactbn {

// Reports for GitHub Actions. GitHub shows ten errors and ten notices of a
// step.
inline constexpr int kMostAnnotations = 10;

// A workflow command: "::error title=T::M\n", with those characters escaped
// that would end it. `kind` is error or notice.
std::string annotation(std::string_view kind, std::string_view title,
                       std::string_view message);

// An error for each failure that has weight, with the command that repeats it,
// but at most `errors` and ten; notices if there are more, or if known failures
// are mended (an error if the baseline is strict).
std::string annotations(const Run& run, int errors);

// The same for the counterexamples that were shrunk.
std::string annotations(const PropertiesRun& run);

// Throws UsageError if the file $GITHUB_STEP_SUMMARY cannot be written.
void require_writable_step_summary();

// Appends a report to $GITHUB_STEP_SUMMARY, if that is set.
void append_step_summary(const std::string& heading, const std::string& report);

}  // namespace exactbn
