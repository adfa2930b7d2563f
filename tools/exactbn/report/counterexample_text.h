// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "properties/counterexample.h"

namespace exactbn {

// The name of a counterexample: its law and the index of the original case.
std::string id_of(const Counterexample& found);

// All problems of a counterexample, as cases of a file: first the shrunk one,
// under its name, then those that the law derives from it.
std::vector<Case> cases_of(const Counterexample& found);

// The problem as lines of C++ and of Python, to paste, in hexadecimal floats,
// which are exact. Empty if a tensor has more than 64 values.
std::string as_cpp(const Problem& problem);
std::string as_python(const Problem& problem);

// A problem, the exact answer and the subject's: the values in hexadecimal and
// decimal, and, with Paste::yes, lines to paste.
enum class Paste : bool { no, yes };
std::string problem_text(const Problem& problem, const Answer& answer,
                         Paste paste = Paste::yes);

// A counterexample in full: the law, the values in hexadecimal and decimal, the
// exact answer and the subject's. `again` are the commands that repeat it.
std::string counterexample_text(const Counterexample& found,
                                const std::vector<std::string>& again);

}  // namespace exactbn
