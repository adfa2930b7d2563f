// SPDX-License-Identifier: Apache-2.0
// The conditions of the operations of second order. Greek letters are those of
// bounds.md.
#include <cmath>

#include "oracles/judge/condition.h"

namespace exactbn {

namespace cond {

ConditionForm y_dot(const ChannelSizes& of) {
  return affine(of, of.along_gamma, of.along_beta) +
         projected(of, of.u, kU, of.gamma);
}

namespace {

// How far C / m moves: by products, and by both means.
Wide chi_of(const ChannelSizes& of) {
  return 2 * of.udy + of.dy.d * of.u.size + of.u.d * of.dy.size;
}

// How far t moves: through x, the mean and dy itself.
Wide tau_of(const ChannelSizes& of, const ChannelSizes::Factor& f) {
  return of.s * (f.x + f.d * of.a) + f.xhat;
}

}  // namespace

Condition grad_gamma(const ChannelSizes& of) {
  const Wide t = of.dy.t;
  const Wide p = of.u.t;
  const Wide tau = tau_of(of, of.dy);
  const Wide pi = tau_of(of, of.u);
  const Wide chi = chi_of(of);
  const Wide z = moved_products(of, of.dy);
  const Wide zu = moved_products(of, of.u);
  const Wide linear =
      of.c * (1 + of.k) + chi + t * p * (1 + 3 * of.k) + tau * p + pi * t;
  const Wide quadratic = of.kappa * of.kappa * (4 * of.c + 23 * t * p) +
                         of.kappa * (2 * chi + 8 * (tau * p + pi * t)) +
                         3 * tau * pi + z * p + zu * t +
                         2 * of.dy.size * of.u.size;
  const Wide underflow =
      (1 + of.s) * (1 + p * (1 + of.s * of.dy.d) + t * (1 + of.s * of.u.d)) +
      of.dy.size + of.u.size + 2 * of.s * (of.c + t * p) / of.w;
  const Wide scale = of.m * of.s;
  return {scale * linear, scale * quadratic, 1 + of.m * underflow};
}

ConditionForm grad_x(const ChannelSizes& of) {
  const Wide t = of.dy.t;
  const Wide p = of.u.t;
  const Magnitudes g = kDy + of.dy.d;
  const Magnitudes h = kU + of.u.d;
  // xhat c + g p + h t, with s^3, and 3 xhat t p, with s^5.
  const Magnitudes cubic = of.c * kXhat + p * g + t * h;
  const Magnitudes fifth = 3 * t * p * kXhat;
  const Magnitudes of_xhat = of.s * (kX + of.a);
  const Magnitudes gam = kDy + of.dy.size;
  const Magnitudes mu = kU + of.u.size;
  const Wide tau = tau_of(of, of.dy);
  const Wide pi = tau_of(of, of.u);
  const Wide chi = chi_of(of);
  const Wide z = moved_products(of, of.dy);
  const Wide zu = moved_products(of, of.u);
  const Magnitudes of_cubic =
      of.c * of_xhat + chi * kXhat + p * gam + pi * g + t * mu + tau * h;
  const Magnitudes of_fifth =
      3 * (t * p * of_xhat + (tau * p + t * pi) * kXhat);
  const Magnitudes linear =
      (1 + 3 * of.k) * cubic + (1 + 5 * of.k) * fifth + of_cubic + of_fifth;
  const Magnitudes quadratic =
      of.kappa * of.kappa * (23 * cubic + 69 * fifth) +
      of.kappa * (8 * of_cubic + 17 * of_fifth) +
      3 * (chi * of_xhat + pi * gam + tau * mu) +
      14 * ((tau * p + t * pi) * of_xhat + tau * pi * kXhat) +
      7 * pi * std::sqrt(of.dy.square) * of_xhat + z * h + zu * g +
      (3 * (z * p + zu * t) + 2 * of.dy.size * of.u.size) * kXhat;
  const Magnitudes of_products = 1 + kXhat + t + p + of.c + 3 * t * p +
                                 (1 + of.s * of.u.d) * (g + 3 * t * kXhat) +
                                 (1 + of.s * of.dy.d) * (h + 3 * p * kXhat);
  const Magnitudes underflow =
      1 + of.gamma * of.s * of_xhat + kDy + kU +
      of.gamma * (1 + of.s) * (1 + of.s) * of_products +
      3 * of.gamma * of.s * of.s / of.w * (cubic + fifth);
  const Wide scale = of.gamma * of.s * of.s;
  return ConditionForm{scale * linear, scale * quadratic, underflow} +
         projected(of, of.dy, kDy, of.along_gamma);
}

}  // namespace cond

}  // namespace exactbn
