// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include "oracles/subject.h"
#include "reference/tensor.h"
#include "reference/ulp.h"

namespace exactbn {

// How far a value moves if every input moves by a relative theta and every
// intermediate by an absolute lambda (underflow):
//   theta linear + theta^2 quadratic + lambda underflow.
// bounds.md derives the condition of each output.
struct Condition {
  Wide linear = 0;
  Wide quadratic = 0;
  Wide underflow = 0;
};

// The coefficients of a number that is affine in the magnitudes of a value's
// inputs: one + x |x| + xhat |xhat| + dy |dy| + u |u|.
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

// The condition of every value in a channel of an output shaped like x.
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

// The quantities in the conditions of a channel, with their names in bounds.md.
// All are magnitudes, unless noted; underestimates give underestimated
// conditions.
struct ChannelSizes {
  // For a tensor shaped like x in which the formulas are linear: dy or u.
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
  Wide s = 0;      // 1/sqrt(w); 0 if w is not positive
  Wide x2 = 0;     // mean x^2
  Wide kappa = 0;  // sqrt(mean x^2 / w); 0 if frozen
  Wide a = 0;      // mean |x|, or |running_mean| if frozen
  Wide cov = 0;    // mean |(x - mean) x|
  Wide k = 0;      // cov / w, or v / (2 w) if frozen
  Factor dy;
  Factor u;      // x_dot or ddx
  Wide c = 0;    // |C / m|
  Wide udy = 0;  // mean |u dy|
  // For the running statistics: their old values, the weight of the batch, and
  // m / (m - 1), or 1 if running_var takes the biased variance.
  Wide running_mean = 0;
  Wide running_var = 0;
  Wide weight = 0;
  Wide unbiased = 1;
};

// The magnitude of a value; 0 if there is no tensor.
inline Wide size_at(const Tensor* tensor, std::int64_t i) {
  return tensor ? std::fabs(static_cast<Wide>(tensor->value(i))) : 0;
}

// The sizes that depend on no value shaped like x.
ChannelSizes parameter_sizes(const Problem& problem, const ChannelView& view,
                             RunningVariance divisor, std::int64_t channel);

namespace cond {

// The condition of an output with one value per channel.
Condition of_channel(Output output, const ChannelSizes& ch);
// The same for an output shaped like x.
ConditionForm of_values(Output output, const ChannelSizes& ch);

Condition mean(const ChannelSizes& ch);
Condition var(const ChannelSizes& ch);
Condition invstd(const ChannelSizes& ch);
Condition running_mean(const ChannelSizes& ch);
Condition running_var(const ChannelSizes& ch);
Condition dbeta(const ChannelSizes& ch);
Condition dgamma(const ChannelSizes& ch);
Condition grad_gamma(const ChannelSizes& ch);
ConditionForm y(const ChannelSizes& ch);
ConditionForm dx(const ChannelSizes& ch);
ConditionForm y_dot(const ChannelSizes& ch);  // grad_dy has the same
ConditionForm grad_x(const ChannelSizes& ch);

// gamma xhat + beta
ConditionForm affine(const ChannelSizes& ch, Wide gamma, Wide beta);
// gamma s (f - mean f - xhat t), where f is dy or the direction; `size` is its
// magnitude.
ConditionForm projected(const ChannelSizes& ch, const ChannelSizes::Factor& f,
                        const Magnitudes& size, Wide gamma);
// Z of bounds.md: rounded products with an xhat that has moved. If dy cancels
// and x equals the mean wherever dy is not 0, nothing else moves t.
Wide moved_products(const ChannelSizes& ch, const ChannelSizes::Factor& f);

}  // namespace cond

}  // namespace exactbn
