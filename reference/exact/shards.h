// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/exact/second_order.h"

namespace exactbn {

// What one part of a channel contributes to the whole. As in synchronized batch
// normalization, the values may be spread over machines, in parts of any size.
// Sums are exact, so the whole does not depend on the parts.
struct Shard {
  Dyadic m;
  Sums sums;
  DirectionSums along;  // in second-order operations

  Shard& operator+=(const Shard& part);
};

// A channel normalized by the statistics of the whole. Its formulas, applied to
// the values of a part, give the outputs of that part; dbeta, dgamma and
// grad_gamma belong to the whole.
Channel channel_of(const Shard& whole, const Dyadic& epsilon,
                   const Dyadic& gamma, const Dyadic& beta);

}  // namespace exactbn
