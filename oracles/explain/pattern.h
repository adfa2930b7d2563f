// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reference/problem.h"

namespace exactbn {

// Which values of an output fail, where one rule tells: "the last channel",
// "sample 2 alone", "the tail after blocks of 64 values", "every 4th value".
// The rule holds of every value that fails and of no other value of the same
// channels. Empty where there is none, or where all fail. `failing`: indices,
// ascending.
std::string pattern(const Problem& problem, Output output,
                    const std::vector<std::int64_t>& failing);

}  // namespace exactbn
