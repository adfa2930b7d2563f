// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/commands/baseline/file.h"
#include "tools/exactbn/run/failures.h"

namespace exactbn {

// The failures of cases as lines of a baseline, sorted. An eta has three
// digits.
std::vector<std::string> lines_of(const Failures& failures);

// Throws a UsageError that names file, line and field.
Failures failures_in(const BaselineFile& baseline);

}  // namespace exactbn
