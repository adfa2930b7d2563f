// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/exactbn/run.h"

namespace exactbn {

// What a report says of a declared accumulation that is shorter than usual for
// some of the cases, in a sentence; empty if it is for none.
std::string accumulation_text(const Run& run);

// The same with the flag that lets it count, as a line; empty likewise.
std::string accumulation_line(const Declaration& declaration,
                              const std::string& text);

// What to add to a grade of cases with that x: " in f8e4m3fn" if errors are
// measured in units of a short accumulation.
std::string accumulation_of_grade(const Declaration& declaration, DType x);

}  // namespace exactbn
