// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/problem.h"

namespace exactbn {

// The problem of one channel alone, of shape [m, 1], with the channel's values
// in order. All threads read them in one pass.
Problem channel_problem(const Problem& problem, std::int64_t channel);

}  // namespace exactbn
