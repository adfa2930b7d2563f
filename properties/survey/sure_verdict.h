// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/law/observation.h"

namespace exactbn {

// The oracle's verdict (oracles/check.h) on the answer. Nothing if the answer
// fails, if an output that the declaration offers is missing, or if asking the
// oracle is faster. Most values are close enough to a ball around the exact
// value to be faithful or within the tolerance of the grade; the others are
// judged. bounds.md has the argument.
std::optional<Verdict> sure_verdict(const Observation& observation,
                                    const Declaration& declaration,
                                    Grade required);

}  // namespace exactbn
