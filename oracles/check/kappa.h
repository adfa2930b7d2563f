// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "oracles/check/output_verdict.h"

namespace exactbn {

// How ill-conditioned the channel of each output's worst value is: kappa =
// sqrt(mean x^2 / w), of exact sums. NaN where the channel has none, because
// its statistics are frozen, or not all of it is numbers, or w = 0.
std::vector<double> worst_kappas(const Problem& problem,
                                 const Declaration& declaration,
                                 std::span<const OutputVerdict> outputs);

}  // namespace exactbn
