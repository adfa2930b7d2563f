// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "reference/textbook/forward.h"

namespace exactbn {

// The forward derivative of training: the chain rule, stage by stage.
//   mean_dot  = 1/m sum x_dot_i
//   d_dot_i   = x_dot_i - mean_dot
//   var_dot   = 2/m sum d_i d_dot_i
//   sigma_dot = var_dot / (2 sigma),  sigma = sqrt(var + eps)
//   xhat_dot  = (d_dot - xhat sigma_dot) / sigma
//   y_dot     = gamma_dot xhat + gamma xhat_dot + beta_dot
template <class Real>
Matrix<Real> jvp_training(const Matrix<Real>& x, const Matrix<Real>& x_dot,
                          const Row<Real>& gamma, const Row<Real>& gamma_dot,
                          const Row<Real>& beta_dot,
                          const std::type_identity_t<Real>& eps) {
  const auto m = static_cast<Real>(x.rows());
  const auto [var, sigma, d, xhat] = normalized(x, eps);

  const Row<Real> mean_dot = channel_sum(x_dot) / m;
  const Matrix<Real> d_dot = x_dot.rowwise() - mean_dot;
  const Row<Real> var_dot = Real(2) * channel_sum<Real>(d * d_dot) / m;
  const Row<Real> sigma_dot = var_dot / (Real(2) * sigma);
  const Matrix<Real> through_sigma = xhat.rowwise() * sigma_dot;
  const Matrix<Real> xhat_dot = (d_dot - through_sigma).rowwise() / sigma;

  const Matrix<Real> through_xhat = xhat_dot.rowwise() * gamma;
  const Matrix<Real> through_gamma = xhat.rowwise() * gamma_dot;
  return (through_xhat + through_gamma).rowwise() + beta_dot;
}

template <class Real>
struct DoubleBackward {
  Matrix<Real> grad_x;
  Row<Real> grad_gamma;
  Matrix<Real> grad_dy;
};

// The gradients of L = sum(dx ddx) + sum(dgamma ddgamma) + sum(dbeta ddbeta):
// the backward pass
//   a = 1/m sum dy_i,  b = 1/m sum dy_i xhat_i,  g_i = dy_i - a - xhat_i b
//   dx_i = scale g_i,  dgamma = m b,  dbeta = m a,  scale = gamma / sigma
// from its last stage to its first; z_bar is dL/dz.
template <class Real>
DoubleBackward<Real> double_backward_training(
    const Matrix<Real>& x, const Matrix<Real>& dy, const Matrix<Real>& ddx,
    const Row<Real>& gamma, const Row<Real>& ddgamma, const Row<Real>& ddbeta,
    const std::type_identity_t<Real>& eps) {
  const auto m = static_cast<Real>(x.rows());
  const auto [var, sigma, d, xhat] = normalized(x, eps);
  const Row<Real> a = channel_sum(dy) / m;
  const Row<Real> b = channel_sum<Real>(dy * xhat) / m;
  const Matrix<Real> xhat_b = xhat.rowwise() * b;
  const Matrix<Real> g = (dy.rowwise() - a) - xhat_b;
  const Row<Real> scale = gamma / sigma;

  const Row<Real> scale_bar = channel_sum<Real>(ddx * g);
  const Matrix<Real> g_bar = ddx.rowwise() * scale;
  const Row<Real> a_bar = m * ddbeta - channel_sum(g_bar);
  const Row<Real> b_bar = m * ddgamma - channel_sum<Real>(g_bar * xhat);
  const Matrix<Real> through_b = xhat.rowwise() * Row<Real>(b_bar / m);
  const Matrix<Real> dy_bar = (g_bar + through_b).rowwise() + a_bar / m;

  const Matrix<Real> dy_b = dy.rowwise() * Row<Real>(b_bar / m);
  const Matrix<Real> g_bar_b = g_bar.rowwise() * b;
  const Matrix<Real> xhat_bar = dy_b - g_bar_b;
  const Row<Real> sigma_bar =
      -(scale_bar * scale + channel_sum<Real>(xhat_bar * xhat)) / sigma;
  const Row<Real> var_bar = sigma_bar / (Real(2) * sigma);
  const Matrix<Real> through_xhat = xhat_bar.rowwise() / sigma;
  const Matrix<Real> through_var =
      d.rowwise() * Row<Real>(Real(2) * var_bar / m);
  const Matrix<Real> d_bar = through_xhat + through_var;
  const Row<Real> mean_bar = -channel_sum(d_bar);
  return {d_bar.rowwise() + mean_bar / m, scale_bar / sigma, dy_bar};
}

}  // namespace exactbn
