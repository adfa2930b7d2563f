// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/draw/problem.h"

namespace exactbn {

// The problem with something changed: a value, or those of a channel, moved,
// scaled or drawn anew; a parameter; positions left out or repeated. Valid, and
// of what is drawn: at most `most` values of x, unless it had more.
Problem mutated(Draw& draw, const Problem& problem, std::int64_t most);

}  // namespace exactbn
