// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/draw/problem.h"

namespace exactbn {

// The problem with one change: values moved, scaled or drawn anew; a parameter;
// positions removed or repeated. The result is valid and could have been drawn;
// x has at most `most` values, unless it had more before.
Problem mutated(Draw& draw, const Problem& problem, std::int64_t most);

}  // namespace exactbn
