// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/exact/channel.h"

namespace exactbn {

// README.md has the formulas. dgamma and dx need root > 0.
Surd dbeta(const Channel& ch);
Surd dgamma(const Channel& ch);
// T = D2 - mean D1, with dgamma = T / sqrt(w), and scale T, a dyadic number.
Surd t_of(const Channel& ch);
Dyadic scaled_t(const Channel& ch);
// For a channel normalized by batch statistics.
Surd dx_by_batch(const Channel& ch, const Dyadic& x, const Dyadic& dy);

}  // namespace exactbn
