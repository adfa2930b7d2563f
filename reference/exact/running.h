// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "reference/exact/channel.h"

namespace exactbn {

// Running statistics, exactly. Statistics are fractions: surds with q = 0.

// The weight of the new batch in a running statistic, as a fraction.
struct Weight {
  Dyadic numerator;
  Dyadic denominator = 1;
};

// momentum, or without one that of the cumulative average,
// 1 / (batches_tracked + 1).
Weight new_batch_weight(const std::optional<double>& momentum,
                        std::int64_t batches_tracked);

// One step: (1 - weight) old + weight batch.
Surd running(const Surd& old, const Surd& batch, const Weight& weight);
Surd running_mean(const Channel& ch, const Dyadic& old, const Weight& weight);
// With the biased variance of the batch, or the unbiased one.
Surd running_var_biased(const Channel& ch, const Dyadic& old,
                        const Weight& weight);
Surd running_var_unbiased(const Channel& ch, const Dyadic& old,
                          const Weight& weight);

// The running statistic after k steps that round nothing, from r_0 = start and
// the statistics s_1 ... s_k of the batches: with the momentum a
//   r_k = (1 - a)^k r_0 + sum a (1 - a)^(k - j) s_j,
// and without one, over t = batches_tracked earlier batches and these,
//   r_k = (t r_0 + sum s_j) / (t + k).
// Each step makes the fraction longer, by the bits of a and of the batch's
// size. What frameworks keep is rounded at every step: that is ExactBatchNorm,
// once a step.
Surd running_after(const Surd& start, std::span<const Surd> batches,
                   const std::optional<double>& momentum,
                   std::int64_t batches_tracked);

}  // namespace exactbn
