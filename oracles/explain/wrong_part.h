// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "reference/problem.h"

namespace exactbn {

// Which quantity of the formula is wrong in a channel of an output of second
// order. Its statistics are no outputs, but the output shows them, for it is a
// sum of columns that are known, each with a factor of one value a channel:
//   y_dot, grad_dy = A + B xhat + C u
//   grad_x         = A + B xhat + C u + D dy
// with u the direction. The factors of what was got are fitted to it, and the
// first that is not that of the formula is named. Empty where the columns do
// not explain the values, or no factor is surely wrong, or it is another
// output.
std::string wrong_part(const Problem& problem, Output output, const Tensor& got,
                       std::int64_t channel);

}  // namespace exactbn
