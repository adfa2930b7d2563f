// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "properties/counterexample.h"

namespace exactbn {

// The name of a counterexample: its law, and the case that it comes of.
std::string id_of(const Counterexample& found);

// All that was asked for a counterexample, as cases of a file: the smallest
// problem first, by its name, then what the law made of it.
std::vector<Case> cases_of(const Counterexample& found);

// The same problem as lines of C++ and of Python, to paste; in hexadecimal
// floats, which are exact.
std::string as_cpp(const Problem& problem);
std::string as_python(const Problem& problem);

// A problem, the exact answer and what was answered: where, the values in
// hexadecimal and decimal, and, if they are wanted, lines to paste.
enum class Paste : bool { no, yes };
std::string problem_text(const Problem& problem, const Answer& answer,
                         Paste paste = Paste::yes);

// A counterexample in full: the law, the values in hexadecimal and decimal, the
// exact answer and what was answered. `again` are the commands that repeat it.
std::string counterexample_text(const Counterexample& found,
                                const std::vector<std::string>& again);

}  // namespace exactbn
