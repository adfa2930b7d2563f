// SPDX-License-Identifier: Apache-2.0
// The conditions of the operations of second order.
#include <cmath>

#include "oracles/judge/condition.h"

namespace exactbn {

void Conditions::add_direction(Channel& ch, std::int64_t c) const {
  const auto& along = traits(problem_.operation).direction;
  if (!along) return;
  ch.along_gamma = std::fabs(Wide{problem_.parameter(along->gamma, c)});
  ch.along_beta = std::fabs(Wide{problem_.parameter(along->beta, c)});
  // Exact sums: what cancels would lose its digits here.
  const exactbn::Channel& exact = exact_.channel(c);
  const DirectionSums& u = exact_.along(c).sums;
  ch.u.d = std::fabs(approximate(Surd{u.u1, 0, 1, 1})) / ch.m;
  ch.u.t = std::fabs(approximate(p_of(exact, u))) * ch.s / ch.m;
  ch.c = std::fabs(approximate(c_of(exact, u))) / ch.m;
}

ConditionForm Conditions::y_dot(const Channel& ch) const {
  return affine(ch, ch.along_gamma, ch.along_beta) +
         projected(ch, ch.u, kU, ch.gamma);
}

// How far C / m moves: by products, and by both means.
Wide Conditions::of_c(const Channel& ch) const {
  return 2 * ch.udy + ch.dy.d * ch.u.size + ch.u.d * ch.dy.size;
}

// In theta^2: of products with a moved xhat, rounded. Where dy cancels, and x
// is the mean where dy is not 0, nothing else moves t.
Wide Conditions::of_moved_products(const Channel& ch, const Factor& f) const {
  return 2 * (ch.s * (f.x + ch.a * f.size) + ch.kappa * f.xhat);
}

// How far t moves: through x, the mean and dy itself.
Wide Conditions::of_t(const Channel& ch, const Factor& f) const {
  return ch.s * (f.x + f.d * ch.a) + f.xhat;
}

Condition Conditions::grad_gamma(const Channel& ch) const {
  const Wide t = ch.dy.t;
  const Wide p = ch.u.t;
  const Wide of_t = this->of_t(ch, ch.dy);
  const Wide of_p = this->of_t(ch, ch.u);
  const Wide of_c = this->of_c(ch);
  const Wide moved_t = of_moved_products(ch, ch.dy);
  const Wide moved_p = of_moved_products(ch, ch.u);
  const Wide linear =
      ch.c * (1 + ch.k) + of_c + t * p * (1 + 3 * ch.k) + of_t * p + of_p * t;
  const Wide quadratic = ch.kappa * ch.kappa * (4 * ch.c + 23 * t * p) +
                         ch.kappa * (2 * of_c + 8 * (of_t * p + of_p * t)) +
                         3 * of_t * of_p + moved_t * p + moved_p * t +
                         2 * ch.dy.size * ch.u.size;
  const Wide underflow =
      (1 + ch.s) * (1 + p * (1 + ch.s * ch.dy.d) + t * (1 + ch.s * ch.u.d)) +
      ch.dy.size + ch.u.size + 2 * ch.s * (ch.c + t * p) / ch.w;
  const Wide scale = ch.m * ch.s;
  return {scale * linear, scale * quadratic, 1 + ch.m * underflow};
}

ConditionForm Conditions::grad_x(const Channel& ch) const {
  const Wide t = ch.dy.t;
  const Wide p = ch.u.t;
  const Magnitudes g = kDy + ch.dy.d;
  const Magnitudes h = kU + ch.u.d;
  // xhat c + g p + h t, with s^3, and 3 xhat t p, with s^5.
  const Magnitudes cubic = ch.c * kXhat + p * g + t * h;
  const Magnitudes fifth = 3 * t * p * kXhat;
  const Magnitudes of_xhat = ch.s * (kX + ch.a);
  const Magnitudes of_g = kDy + ch.dy.size;
  const Magnitudes of_h = kU + ch.u.size;
  const Wide of_t = this->of_t(ch, ch.dy);
  const Wide of_p = this->of_t(ch, ch.u);
  const Wide of_c = this->of_c(ch);
  const Wide moved_t = of_moved_products(ch, ch.dy);
  const Wide moved_p = of_moved_products(ch, ch.u);
  const Magnitudes of_cubic =
      ch.c * of_xhat + of_c * kXhat + p * of_g + of_p * g + t * of_h + of_t * h;
  const Magnitudes of_fifth =
      3 * (t * p * of_xhat + (of_t * p + t * of_p) * kXhat);
  const Magnitudes linear =
      (1 + 3 * ch.k) * cubic + (1 + 5 * ch.k) * fifth + of_cubic + of_fifth;
  const Magnitudes quadratic =
      ch.kappa * ch.kappa * (23 * cubic + 69 * fifth) +
      ch.kappa * (8 * of_cubic + 17 * of_fifth) +
      3 * (of_c * of_xhat + of_p * of_g + of_t * of_h) +
      14 * ((of_t * p + t * of_p) * of_xhat + of_t * of_p * kXhat) +
      7 * of_p * std::sqrt(ch.dy.square) * of_xhat + moved_t * h + moved_p * g +
      (3 * (moved_t * p + moved_p * t) + 2 * ch.dy.size * ch.u.size) * kXhat;
  const Magnitudes of_products = 1 + kXhat + t + p + ch.c + 3 * t * p +
                                 (1 + ch.s * ch.u.d) * (g + 3 * t * kXhat) +
                                 (1 + ch.s * ch.dy.d) * (h + 3 * p * kXhat);
  const Magnitudes underflow =
      1 + ch.gamma * ch.s * of_xhat + kDy + kU +
      ch.gamma * (1 + ch.s) * (1 + ch.s) * of_products +
      3 * ch.gamma * ch.s * ch.s / ch.w * (cubic + fifth);
  const Wide scale = ch.gamma * ch.s * ch.s;
  return ConditionForm{scale * linear, scale * quadratic, underflow} +
         projected(ch, ch.dy, kDy, ch.along_gamma);
}

}  // namespace exactbn
