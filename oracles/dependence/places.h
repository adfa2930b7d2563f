// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/problem.h"

namespace exactbn {

// "channel 2", "channels 0, 3, 4", "channels 64 and up". `count`: of all
// channels.
std::string channels_text(const std::vector<std::int64_t>& ascending,
                          std::int64_t count);

// Which of the places of a channel these are, as ": the last 3"; empty if no
// rule or short list says it. Both are offsets in x, ascending.
std::string places_text(const Problem& problem,
                        const std::vector<std::int64_t>& places,
                        const std::vector<std::int64_t>& some);

}  // namespace exactbn
