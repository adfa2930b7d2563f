// SPDX-License-Identifier: Apache-2.0
// The conditions of the second-order operations. Greek letters as in bounds.md.
#include <cmath>

#include "oracles/judge/condition.h"

namespace exactbn {

namespace cond {

ConditionForm y_dot(const ChannelSizes& ch) {
  return affine(ch, ch.along_gamma, ch.along_beta) +
         projected(ch, ch.u, kU, ch.gamma);
}

namespace {

// How far C / m moves: through its products and both means.
Wide chi_of(const ChannelSizes& ch) {
  return 2 * ch.udy + ch.dy.d * ch.u.size + ch.u.d * ch.dy.size;
}

// How far t moves: through x, the mean and dy itself.
Wide tau_of(const ChannelSizes& ch, const ChannelSizes::Factor& f) {
  return ch.s * (f.x + f.d * ch.a) + f.xhat;
}

}  // namespace

Condition grad_gamma(const ChannelSizes& ch) {
  const Wide t = ch.dy.t;
  const Wide p = ch.u.t;
  const Wide tau = tau_of(ch, ch.dy);
  const Wide pi = tau_of(ch, ch.u);
  const Wide chi = chi_of(ch);
  const Wide z = moved_products(ch, ch.dy);
  const Wide zu = moved_products(ch, ch.u);
  const Wide linear =
      ch.c * (1 + ch.k) + chi + t * p * (1 + 3 * ch.k) + tau * p + pi * t;
  const Wide quadratic = ch.kappa * ch.kappa * (4 * ch.c + 23 * t * p) +
                         ch.kappa * (2 * chi + 8 * (tau * p + pi * t)) +
                         3 * tau * pi + z * p + zu * t +
                         2 * ch.dy.size * ch.u.size;
  const Wide underflow =
      (1 + ch.s) * (1 + p * (1 + ch.s * ch.dy.d) + t * (1 + ch.s * ch.u.d)) +
      ch.dy.size + ch.u.size + 2 * ch.s * (ch.c + t * p) / ch.w;
  const Wide scale = ch.m * ch.s;
  return {scale * linear, scale * quadratic, 1 + ch.m * underflow};
}

ConditionForm grad_x(const ChannelSizes& ch) {
  const Wide t = ch.dy.t;
  const Wide p = ch.u.t;
  const Magnitudes g = kDy + ch.dy.d;
  const Magnitudes h = kU + ch.u.d;
  // xhat c + g p + h t, with s^3, and 3 xhat t p, with s^5.
  const Magnitudes cubic = ch.c * kXhat + p * g + t * h;
  const Magnitudes fifth = 3 * t * p * kXhat;
  const Magnitudes of_xhat = ch.s * (kX + ch.a);
  const Magnitudes gam = kDy + ch.dy.size;
  const Magnitudes mu = kU + ch.u.size;
  const Wide tau = tau_of(ch, ch.dy);
  const Wide pi = tau_of(ch, ch.u);
  const Wide chi = chi_of(ch);
  const Wide z = moved_products(ch, ch.dy);
  const Wide zu = moved_products(ch, ch.u);
  const Magnitudes of_cubic =
      ch.c * of_xhat + chi * kXhat + p * gam + pi * g + t * mu + tau * h;
  const Magnitudes of_fifth =
      3 * (t * p * of_xhat + (tau * p + t * pi) * kXhat);
  const Magnitudes linear =
      (1 + 3 * ch.k) * cubic + (1 + 5 * ch.k) * fifth + of_cubic + of_fifth;
  const Magnitudes quadratic =
      ch.kappa * ch.kappa * (23 * cubic + 69 * fifth) +
      ch.kappa * (8 * of_cubic + 17 * of_fifth) +
      3 * (chi * of_xhat + pi * gam + tau * mu) +
      14 * ((tau * p + t * pi) * of_xhat + tau * pi * kXhat) +
      7 * pi * std::sqrt(ch.dy.square) * of_xhat + z * h + zu * g +
      (3 * (z * p + zu * t) + 2 * ch.dy.size * ch.u.size) * kXhat;
  const Magnitudes of_products = 1 + kXhat + t + p + ch.c + 3 * t * p +
                                 (1 + ch.s * ch.u.d) * (g + 3 * t * kXhat) +
                                 (1 + ch.s * ch.dy.d) * (h + 3 * p * kXhat);
  const Magnitudes underflow =
      1 + ch.gamma * ch.s * of_xhat + g + h + (1 + ch.s) * (cubic + fifth) +
      ch.gamma * (1 + ch.s) * (1 + ch.s) * of_products +
      3 * ch.gamma * ch.s * ch.s / ch.w * (cubic + fifth);
  const Wide scale = ch.gamma * ch.s * ch.s;
  return ConditionForm{scale * linear, scale * quadratic, underflow} +
         projected(ch, ch.dy, kDy, ch.along_gamma);
}

}  // namespace cond

}  // namespace exactbn
