// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/exact/running.h"
#include "reference/number/surd.h"
#include "reference/sums.h"

namespace exactbn {

// The exact numbers that all values of a channel share; every one is finite.
//
// Normalization is written as xhat = (scale x - centre) / sqrt(root). From the
// batch, scale = m, centre = S1 and root = m^2 w = m S2 - S1^2 + m^2 eps, which
// needs no division. With frozen statistics scale = 1, centre = running_mean
// and root = running_var + eps.
struct Channel {
  Dyadic m;  // how many values
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

// The outputs of batch normalization (README.md has the formulas). Those with a
// root in them need root > 0.
Surd mean(const Channel& ch);
Surd variance(const Channel& ch);
// Of the batch, divided by m - 1; needs m > 1.
Surd variance_unbiased(const Channel& ch);
Surd w(const Channel& ch);
Surd invstd(const Channel& ch);
Surd y(const Channel& ch, const Dyadic& x);
Surd dbeta(const Channel& ch);
Surd dgamma(const Channel& ch);
// T = D2 - mean D1, so that dgamma = T / sqrt(w); and scale T, a dyadic number.
Surd t(const Channel& ch);
Dyadic scaled_t(const Channel& ch);
Surd dx_by_batch(const Channel& ch, const Dyadic& x, const Dyadic& dy);
Surd running_mean(const Channel& ch, const Dyadic& old, const Weight& weight);
// With the biased variance of the batch, or the unbiased one.
Surd running_var_biased(const Channel& ch, const Dyadic& old,
                        const Weight& weight);
Surd running_var_unbiased(const Channel& ch, const Dyadic& old,
                          const Weight& weight);

}  // namespace exactbn
