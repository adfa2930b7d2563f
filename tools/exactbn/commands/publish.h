// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tools/exactbn/options.h"
#include "tools/exactbn/report/matrix.h"
#include "tools/exactbn/run.h"

namespace exactbn {

// Prints the text report and writes the files that were asked for. Returns the
// exit code of the run.
int publish(const Run& run, const Judging& judging);

// The same of several subjects: the failures, the matrix, and one file of each
// kind for all of them.
int publish(const std::vector<Contestant>& all, const Judging& judging);

}  // namespace exactbn
