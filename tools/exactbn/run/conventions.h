// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// Finds the conventions that the subject follows and does not declare, judges
// the cases by them, and marks those that only fail by the declared ones. Call
// it after all cases and before diagnose.
void fit_conventions(Run& run);

// What the subject follows instead of its declaration, as the cases tell: a
// line each, with the flags that would declare all of them: "momentum
// multiplies the old statistic: declare it with --convention keras".
std::vector<std::string> other_conventions(const Run& run);

// The line without the flags, which depend on the cases: what is known of it.
std::string without_flags(const std::string& line);

// The number of cases that only fail by the declared conventions.
std::size_t cases_by_convention(const Run& run);

// The same lines, and those of the conformance card that disagree in a way that
// matters.
std::vector<std::string> disagreements(const Run& run);

}  // namespace exactbn
