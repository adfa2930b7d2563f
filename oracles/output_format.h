// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "reference/problem.h"

namespace exactbn {

// The format in which built-in subjects return an output. Those shaped like x
// have its format; the others that of the parameters, or, where there are none,
// of x, but at least f32.
DType output_format(const Problem& problem, std::string_view output);

}  // namespace exactbn
