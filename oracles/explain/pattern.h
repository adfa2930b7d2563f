// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reference/problem.h"

namespace exactbn {

// Which values of an output fail, if one rule describes them: "the last
// channel", "sample 2 alone", "the values of a channel left after blocks of
// 64", "every value whose offset in memory is 3 mod 4". The rule holds for
// every value that fails and for no other value of the same channels. Empty if
// there is no rule, or if all values fail. `failing`: indices, ascending.
std::string pattern(const Problem& problem, Output output,
                    const std::vector<std::int64_t>& failing);

}  // namespace exactbn
