// SPDX-License-Identifier: Apache-2.0
#include "reference/exact/second_order.h"

#include "reference/exact/backward.h"

namespace exactbn {

// m sum((a - mean a) (b - mean b)) = m sum a b - sum a sum b
Dyadic scaled_p(const Channel& ch, const DirectionSums& u) {
  return ch.m * u.u2 - ch.sums.s1 * u.u1;
}

Dyadic scaled_c(const Channel& ch, const DirectionSums& u) {
  return ch.m * u.u3 - ch.sums.d1 * u.u1;
}

Surd p_of(const Channel& ch, const DirectionSums& u) {
  return {scaled_p(ch, u), 0, 1, ch.m};
}

Surd c_of(const Channel& ch, const DirectionSums& u) {
  return {scaled_c(ch, u), 0, 1, ch.m};
}

// With X = m (x - mean), H = m (u - mean u) and V = m^2 w, the powers of m
// cancel:
//   y_dot = beta_dot + [gamma_dot X + gamma (H - X mP / V)] / sqrt(V)
Surd y_dot(const Channel& ch, const Direction& along, const Dyadic& x,
           const Dyadic& u) {
  const Dyadic& v = ch.root;
  const Dyadic centred_x = ch.m * x - ch.sums.s1;
  const Dyadic centred_u = ch.m * u - along.sums.u1;
  const Dyadic q =
      along.gamma * centred_x * v +
      ch.gamma * (centred_u * v - centred_x * scaled_p(ch, along.sums));
  return {along.beta * v, q, v, v};
}

// And with G = m dy - D1:
//   { gamma [3 X mT mP / V - (X mC + G mP + H mT)] / V
//     + ddgamma (G - X mT / V) } / sqrt(V)
Surd grad_x(const Channel& ch, const Direction& along, const Dyadic& x,
            const Dyadic& dy, const Dyadic& u) {
  const Dyadic& v = ch.root;
  const Dyadic centred_x = ch.m * x - ch.sums.s1;
  const Dyadic centred_dy = ch.m * dy - ch.sums.d1;
  const Dyadic centred_u = ch.m * u - along.sums.u1;
  const Dyadic t = scaled_t(ch);
  const Dyadic p = scaled_p(ch, along.sums);
  const Dyadic c = scaled_c(ch, along.sums);
  const Dyadic by_gamma = 3 * centred_x * t * p -
                          v * (centred_x * c + centred_dy * p + centred_u * t);
  const Dyadic by_ddgamma = v * (centred_dy * v - centred_x * t);
  return {0, ch.gamma * by_gamma + along.gamma * by_ddgamma, v, v * v};
}

//   (mC - mT mP / V) / sqrt(V)
Surd grad_gamma(const Channel& ch, const Direction& along) {
  const Dyadic& v = ch.root;
  const Dyadic q =
      scaled_c(ch, along.sums) * v - scaled_t(ch) * scaled_p(ch, along.sums);
  return {0, q, v, v};
}

}  // namespace exactbn
