// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/number/surd.h"
#include "reference/sums.h"

namespace exactbn {

// The exact numbers that all values of a channel share; every one is finite.
//
// Normalization is xhat = (scale x - centre) / sqrt(root). With batch
// statistics, scale = m, centre = S1 and root = m^2 w = m S2 - S1^2 + m^2 eps,
// which needs no division. With frozen statistics, scale = 1, centre =
// running_mean and root = running_var + eps.
struct Channel {
  Dyadic m;  // the number of values
  Sums sums;
  Dyadic scale;
  Dyadic centre;
  Dyadic root;
  Dyadic gamma = 1;
  Dyadic beta;
};

void normalize_by_batch(Channel& ch, const Dyadic& epsilon);
void normalize_by(Channel& ch, const Dyadic& mean, const Dyadic& variance,
                  const Dyadic& epsilon);

// m^2 v = m S2 - S1^2
Dyadic square_deviations(const Channel& ch);

}  // namespace exactbn
