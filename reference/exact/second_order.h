// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/exact/channel.h"
#include "reference/sums.h"

namespace exactbn {

// The direction in which x, gamma and beta move together: x_dot, gamma_dot,
// beta_dot in the forward derivative; ddx, ddgamma, ddbeta in the double
// backward.
struct Direction {
  DirectionSums sums;
  Dyadic gamma;
  Dyadic beta;
};

// P = sum u (x - mean), which is T with u for dy, and C = sum u (dy - mean dy);
// and m P and m C, dyadic numbers.
Surd p_of(const Channel& ch, const DirectionSums& u);
Surd c_of(const Channel& ch, const DirectionSums& u);
Dyadic scaled_p(const Channel& ch, const DirectionSums& u);
Dyadic scaled_c(const Channel& ch, const DirectionSums& u);

// The derivatives below are for a channel normalized by batch statistics and
// need root > 0; u is the direction's value at x. README.md has the formulas.

// The derivative of y along the direction: y_dot, and also grad_dy.
Surd y_dot(const Channel& ch, const Direction& along, const Dyadic& x,
           const Dyadic& u);

// The derivatives of sum(dy y_dot) with respect to x and gamma.
Surd grad_x(const Channel& ch, const Direction& along, const Dyadic& x,
            const Dyadic& dy, const Dyadic& u);
Surd grad_gamma(const Channel& ch, const Direction& along);

}  // namespace exactbn
