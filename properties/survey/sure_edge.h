// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/law/asked.h"

namespace exactbn {

// Whether value i of an output, in channel c, surely passes for what it is: the
// right value is no number there, and neither is this one (bounds.md has the
// cases). What this cannot tell is for the judge.
bool surely_passes_for_no_number(const Asked& asked,
                                 const Declaration& declaration, Output output,
                                 std::int64_t c, std::int64_t i,
                                 std::uint64_t got, DType dtype);

}  // namespace exactbn
