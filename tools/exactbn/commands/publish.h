// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tools/exactbn/options.h"
#include "tools/exactbn/report/matrix.h"
#include "tools/exactbn/run.h"

namespace exactbn {

// Prints the text report and writes the requested files. Returns the exit code
// of the run.
int publish(const Run& run, const Judging& judging);

// The same for several subjects: prints the failures and the matrix, and writes
// one file of each kind for all of them.
int publish(const std::vector<SubjectRun>& all, const Judging& judging);

}  // namespace exactbn
