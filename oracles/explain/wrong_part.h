// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "reference/problem.h"

namespace exactbn {

// Which quantity of the formula is wrong in a channel of a second-order output.
// Its statistics are not outputs, but the output reveals them: it is a sum of
// known columns, each with one factor per channel:
//
//   y_dot, grad_dy = A + B xhat + C u
//   grad_x         = A + B xhat + C u + D dy
//
// with u the direction. The factors are fitted to the answer, and the first
// that differs from the formula is named. Empty if the columns do not explain
// the values, if no factor is certainly wrong, or for other outputs.
std::string wrong_part(const Problem& problem, Output output, const Tensor& got,
                       std::int64_t channel);

}  // namespace exactbn
