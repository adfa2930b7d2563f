// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/check.h"
#include "properties/survey.h"

namespace exactbn {

// A violation of what is no law, and of which there is only a text.
Violation refusal(std::string_view law, const Problem& problem,
                  const std::string& text);

// Where and how an answer fails, by a verdict that says so.
Violation failure_of(const CaseVerdict& verdict);

// The oracle's verdict on the answer to the problem itself. Fills the violation
// where the answer fails.
Verdict ask_oracle(const Trial& trial, const Request& request,
                   std::optional<Violation>& violation);

}  // namespace exactbn
