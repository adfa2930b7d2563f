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

// The momentum or, if empty, 1 / (batches_tracked + 1), the weight in the
// cumulative average.
Weight new_batch_weight(const std::optional<double>& momentum,
                        std::int64_t batches_tracked);

// One step: (1 - weight) old + weight batch.
Surd running(const Surd& old, const Surd& batch, const Weight& weight);
Surd running_mean(const Channel& ch, const Dyadic& old, const Weight& weight);
// With the biased or the unbiased variance of the batch.
Surd running_var_biased(const Channel& ch, const Dyadic& old,
                        const Weight& weight);
Surd running_var_unbiased(const Channel& ch, const Dyadic& old,
                          const Weight& weight);

// The running statistic after k steps without rounding, from r_0 = start and
// the statistics s_1 ... s_k of the batches: with momentum a
//   r_k = (1 - a)^k r_0 + sum a (1 - a)^(k - j) s_j,
// and without one, over t = batches_tracked earlier batches and these,
//   r_k = (t r_0 + sum s_j) / (t + k).
// Each step lengthens the fraction by the bits of a and of the batch size.
// Frameworks round at every step: use ExactBatchNorm once per step for that.
Surd running_after(const Surd& start, std::span<const Surd> batches,
                   const std::optional<double>& momentum,
                   std::int64_t batches_tracked);

}  // namespace exactbn
