// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "tools/exactbn/run.h"
#include "tools/exactbn/run/failures.h"

namespace exactbn {

// An eta above this multiple of the known one is worse. An eta below 1 counts
// as 1: it is less than a rounding of the inputs.
inline constexpr double kWorse = 2;

// Whether a run has all cases of its suite or file, or only those that --filter
// and --dtype select.
enum class Extent : bool { selected, whole };

// Compares the failures of a run with known ones: marks the cases whose
// failures are all known, says what is new or worse in the others, and lists
// the known failures that are mended. Of a selection it ignores the other
// cases. Call it after diagnose().
void compare(const Failures& known, Extent extent, Run& run);

// The failures to know from now on: those of the run, and the known ones of
// cases that it did not ask. A whole run asks every case that exists.
Failures updated(const Failures& known, Extent extent, const Run& run);

// The ids of the cases that are known to break the subject.
std::set<std::string> breaking_cases(const Failures& known);

}  // namespace exactbn
