// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/problem.h"

namespace exactbn {

// The problem of one channel alone, shape [m, 1]: its values are those of the
// channel in their order. Read in one pass, by all threads.
Problem channel_problem(const Problem& problem, std::int64_t channel);

}  // namespace exactbn
