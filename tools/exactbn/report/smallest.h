// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// For each operation and format with wrong values that no known defect explains
// and no baseline knows: the case with the fewest values, shrunk while the same
// output fails. Asks the subject some hundred times for each, and stops if it
// breaks.
std::vector<SmallestFailure> smallest_failures(Subject& subject,
                                               const Run& run);

// The failure as a case of a file, for `exactbn validate --cases`.
Case case_of(const SmallestFailure& smallest);

// A heading, then the values in hexadecimal and decimal, the exact answer and
// the subject's.
std::string smallest_text(const SmallestFailure& smallest);

}  // namespace exactbn
