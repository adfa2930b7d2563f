// SPDX-License-Identifier: Apache-2.0
#include "reference/exact/running.h"

#include "reference/exact/forward.h"

namespace exactbn {

Weight new_batch_weight(const std::optional<double>& momentum,
                        std::int64_t batches_tracked) {
  if (momentum) return {dyadic(*momentum), 1};
  return {1, Dyadic(batches_tracked) + 1};
}

Surd running(const Surd& old, const Surd& batch, const Weight& weight) {
  const Dyadic kept = weight.denominator - weight.numerator;
  return {kept * old.p * batch.d + weight.numerator * batch.p * old.d, 0, 1,
          weight.denominator * old.d * batch.d};
}

Surd running_mean(const Channel& ch, const Dyadic& old, const Weight& weight) {
  return running({old, 0, 1, 1}, mean(ch), weight);
}

Surd running_var_biased(const Channel& ch, const Dyadic& old,
                        const Weight& weight) {
  return running({old, 0, 1, 1}, variance(ch), weight);
}

Surd running_var_unbiased(const Channel& ch, const Dyadic& old,
                          const Weight& weight) {
  return running({old, 0, 1, 1}, variance_unbiased(ch), weight);
}

Surd running_after(const Surd& start, std::span<const Surd> batches,
                   const std::optional<double>& momentum,
                   std::int64_t batches_tracked) {
  Surd statistic = start;
  for (const Surd& batch : batches) {
    statistic =
        running(statistic, batch, new_batch_weight(momentum, batches_tracked));
    ++batches_tracked;
  }
  return statistic;
}

}  // namespace exactbn
