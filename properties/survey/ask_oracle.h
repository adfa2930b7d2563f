// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/check.h"
#include "properties/survey.h"

namespace exactbn {

// A violation that has only a text, such as a crash.
Violation refusal(std::string_view law, const Problem& problem,
                  const std::string& text);

// Whether a broken law says nothing, because one of the questions that were
// asked is extreme for the output that shows it, or for any.
bool is_beyond(const Violation& violation, const Declaration& declaration);

// The oracle's verdict on the answer to the problem itself. Sets the violation
// if the answer fails.
Verdict ask_oracle(const Trial& trial, const Request& request,
                   std::optional<Violation>& violation);

}  // namespace exactbn
