// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/law/observation.h"

namespace exactbn {

// Whether value i of an output, in channel c, surely passes because both it and
// the exact value are NaN or infinite (bounds.md has the cases). False if only
// the judge can tell.
bool surely_passes_as_nonfinite(const Observation& observation,
                                const Declaration& declaration, Output output,
                                std::int64_t c, std::int64_t i,
                                std::uint64_t got, DType dtype);

}  // namespace exactbn
