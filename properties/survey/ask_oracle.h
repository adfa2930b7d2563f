// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/check.h"
#include "properties/survey.h"

namespace exactbn {

// A violation of what is no law, and of which there is only a text.
Violation refusal(std::string_view law, const Problem& problem,
                  const std::string& text);

// The oracle's verdict on the answer to the problem itself. Fills the violation
// where the answer fails.
Verdict ask_oracle(const Trial& trial, const Request& request,
                   std::optional<Violation>& violation);

}  // namespace exactbn
