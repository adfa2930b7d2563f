// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "oracles/check/output_verdict.h"
#include "oracles/check/rounding.h"

namespace exactbn {

// One tally per judged output, in that order; empty for formats that are not
// shorter than the working one. `got` contains all of these outputs.
std::vector<RoundingTally> rounding_tallies(
    const Problem& problem, const Declaration& declaration,
    const OutputTensors& got, std::span<const OutputVerdict> outputs);

}  // namespace exactbn
