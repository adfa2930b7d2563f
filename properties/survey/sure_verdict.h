// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/law/asked.h"

namespace exactbn {

// The oracle's verdict (oracles/check.h) on the answer, where it does not fail
// and every output is there that the declaration offers. Nothing otherwise, or
// where it is quicker to ask the oracle. Most values are so near to a ball
// around what is right that they are faithful, or that the tolerance of the
// grade excuses them; the others are judged. bounds.md has the argument.
std::optional<Verdict> sure_verdict(const Asked& asked,
                                    const Declaration& declaration,
                                    Grade required);

}  // namespace exactbn
