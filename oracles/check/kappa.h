// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "oracles/check/output_verdict.h"

namespace exactbn {

// The condition kappa = sqrt(mean x^2 / w) of the channel of each output's
// worst value, from exact sums. NaN if statistics are frozen, if a value of the
// channel is not finite, or if w = 0.
std::vector<double> worst_kappas(const Problem& problem,
                                 const Declaration& declaration,
                                 std::span<const OutputVerdict> outputs);

}  // namespace exactbn
