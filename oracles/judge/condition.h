// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/subject.h"
#include "reference/tensor.h"
#include "reference/ulp.h"

namespace exactbn {

// How far a value moves when every input moves by a relative theta, and every
// intermediate by an absolute lambda through underflow:
//   theta linear + theta^2 quadratic + lambda underflow.
// bounds.md derives each.
struct Condition {
  Wide linear = 0;
  Wide quadratic = 0;
  Wide underflow = 0;
};

// A number that is affine in the magnitudes of a value's inputs: one + x |x| +
// xhat |xhat| + dy |dy| + u |u|.
struct Magnitudes {
  Wide one = 0;
  Wide x = 0;
  Wide xhat = 0;
  Wide dy = 0;
  Wide u = 0;  // the direction, x_dot or ddx

  constexpr Magnitudes() = default;
  constexpr Magnitudes(Wide constant) : one(constant) {}
  constexpr Magnitudes(Wide of_one, Wide of_x, Wide of_xhat, Wide of_dy,
                       Wide of_u)
      : one(of_one), x(of_x), xhat(of_xhat), dy(of_dy), u(of_u) {}
};

Magnitudes operator+(const Magnitudes& a, const Magnitudes& b);
Magnitudes operator*(Wide a, const Magnitudes& b);

// The magnitudes themselves.
inline constexpr Magnitudes kX = {0, 1, 0, 0, 0};
inline constexpr Magnitudes kXhat = {0, 0, 1, 0, 0};
inline constexpr Magnitudes kDy = {0, 0, 0, 1, 0};
inline constexpr Magnitudes kU = {0, 0, 0, 0, 1};

// The condition of every value of a channel, for outputs shaped like x.
struct ConditionForm {
  Magnitudes linear;
  Magnitudes quadratic;
  Magnitudes underflow;
};

ConditionForm operator+(const ConditionForm& a, const ConditionForm& b);

// The least eta, in units of the working precision u, that explains an error
// beyond the rounding of the output: |error| <= half_ulp + eta u linear +
// (eta u)^2 quadratic + eta lambda underflow.
Wide backward_error(Wide error, Wide half_ulp, const Condition& condition,
                    Wide u, Wide lambda);

// What the conditions of a channel are made of, by the names of bounds.md. All
// are magnitudes; those that are less than they should be give conditions that
// are, too.
struct ChannelSizes {
  // Of a tensor shaped like x that the formulas are linear in: dy, or u.
  struct Factor {
    Wide d = 0;       // |D1 / m|
    Wide t = 0;       // |T s / m|
    Wide size = 0;    // mean |dy|
    Wide x = 0;       // mean |dy x|
    Wide xhat = 0;    // mean |dy xhat|
    Wide square = 0;  // mean dy^2
  };
  bool frozen = false;
  Wide m = 0;
  Wide gamma = 0;
  Wide beta = 0;
  Wide along_gamma = 0;  // |gamma_dot| or |ddgamma|
  Wide along_beta = 0;   // |beta_dot| or |ddbeta|
  Wide mean = 0;         // with its sign
  Wide v = 0;
  Wide w = 0;
  Wide s = 0;      // 1/sqrt(w); 0 where there is none
  Wide x2 = 0;     // mean x^2
  Wide kappa = 0;  // sqrt(mean x^2 / w); 0 if frozen
  Wide a = 0;      // mean |x|, or |running_mean| if frozen
  Wide cov = 0;    // mean |(x - mean) x|
  Wide k = 0;      // cov / w, or v / (2 w) if frozen
  Factor dy;
  Factor u;      // x_dot or ddx
  Wide c = 0;    // |C / m|
  Wide udy = 0;  // mean |u dy|
  // Of the running statistics: their old values, the weight of the new, and
  // m / (m - 1), or 1 where running_var takes the biased variance.
  Wide running_mean = 0;
  Wide running_var = 0;
  Wide weight = 0;
  Wide unbiased = 1;
};

// Those that need no value shaped like x.
ChannelSizes parameter_sizes(const Problem& problem, const ChannelView& view,
                             RunningVariance divisor, std::int64_t channel);

namespace cond {

// Of an output of one value a channel.
Condition of_channel(Output output, const ChannelSizes& of);
// Of one that is shaped like x.
ConditionForm of_values(Output output, const ChannelSizes& of);

Condition mean(const ChannelSizes& of);
Condition var(const ChannelSizes& of);
Condition invstd(const ChannelSizes& of);
Condition running_mean(const ChannelSizes& of);
Condition running_var(const ChannelSizes& of);
Condition dbeta(const ChannelSizes& of);
Condition dgamma(const ChannelSizes& of);
Condition grad_gamma(const ChannelSizes& of);
ConditionForm y(const ChannelSizes& of);
ConditionForm dx(const ChannelSizes& of);
ConditionForm y_dot(const ChannelSizes& of);  // and of grad_dy
ConditionForm grad_x(const ChannelSizes& of);

// gamma xhat + beta
ConditionForm affine(const ChannelSizes& of, Wide gamma, Wide beta);
// gamma s (f - mean f - xhat t), where f is dy or the direction, and `size` its
// magnitude.
ConditionForm projected(const ChannelSizes& of, const ChannelSizes::Factor& f,
                        const Magnitudes& size, Wide gamma);
// Z of bounds.md: products with a moved xhat, rounded. Where dy cancels, and x
// is the mean where dy is not 0, nothing else moves t.
Wide moved_products(const ChannelSizes& of, const ChannelSizes::Factor& f);

}  // namespace cond

}  // namespace exactbn
