// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/diagnose.h"
#include "oracles/explain.h"

namespace exactbn {

// "shape 8x3x4x4  channel axis 1   eps 0x1.4f8b58p-17".
std::string layout_text(const Problem& problem);

// What is wrong with the shown output of a failed case, as lines of a report:
// where, got, want, error, first, scope, and the pattern.
std::string mismatch_text(const Problem& problem, const OutputVerdict& shown,
                          const Explanation& why, Grade required);

// What is wrong, if one defect explains the failures.
std::string explanation_what(const DefectExplanation& explanation);

// The defects that explain failures, and how well they agree: "a or b, bit for
// bit".
std::string explanation_names(const DefectExplanation& explanation);

}  // namespace exactbn
