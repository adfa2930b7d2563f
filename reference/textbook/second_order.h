// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "reference/textbook/forward.h"

namespace exactbn {

// The forward derivative of training: the chain rule, stage by stage.
//   mean_dot  = 1/m sum x_dot_i
//   d_dot_i   = x_dot_i - mean_dot
//   var_dot   = 2/m sum d_i d_dot_i
//   sigma_dot = var_dot / (2 sigma)
//   xhat_dot  = (d_dot - xhat sigma_dot) / sigma
//   y_dot     = gamma_dot xhat + gamma xhat_dot + beta_dot
template <class Real>
void jvp_training(Normalized<Real>& n, const ChannelIn<Real>& x_dot,
                  const Real& gamma, const Real& gamma_dot,
                  const Real& beta_dot, ChannelOut<Real> y_dot) {
  ChannelOut<Real>& d_dot = n.spare[0];

  const Real mean_dot = sum(x_dot) / n.m;
  d_dot = x_dot - mean_dot;
  const Real var_dot = Real(2) * sum(n.d * d_dot) / n.m;
  const Real sigma_dot = var_dot / (Real(2) * n.sigma);
  const auto xhat_dot = (d_dot - n.xhat * sigma_dot) / n.sigma;
  y_dot = xhat_dot * gamma + n.xhat * gamma_dot + beta_dot;
}

// The gradients of L = sum(dx ddx) + sum(dgamma ddgamma) + sum(dbeta ddbeta):
// the backward pass
//   a = 1/m sum dy_i,  b = 1/m sum dy_i xhat_i,  g_i = dy_i - a - xhat_i b
//   dx_i = scale g_i,  dgamma = m b,  dbeta = m a,  scale = gamma / sigma
// in reverse, from its last stage to its first; z_bar is dL/dz. Returns
// grad_gamma.
template <class Real>
Real double_backward_training(Normalized<Real>& n, const ChannelIn<Real>& dy,
                              const ChannelIn<Real>& ddx, const Real& gamma,
                              const Real& ddgamma, const Real& ddbeta,
                              ChannelOut<Real> grad_x,
                              ChannelOut<Real> grad_dy) {
  ChannelOut<Real>& g_bar = n.spare[0];
  ChannelOut<Real>& xhat_bar = n.spare[1];
  ChannelOut<Real>& d_bar = n.spare[1];

  const Real a = sum(dy) / n.m;
  const Real b = sum(dy * n.xhat) / n.m;
  const auto g = dy - a - n.xhat * b;
  const Real scale = gamma / n.sigma;

  const Real scale_bar = sum(ddx * g);
  g_bar = ddx * scale;
  const Real a_bar = n.m * ddbeta - sum(g_bar);
  const Real b_bar = n.m * ddgamma - sum(g_bar * n.xhat);
  grad_dy = g_bar + n.xhat * (b_bar / n.m) + a_bar / n.m;

  xhat_bar = dy * (b_bar / n.m) - g_bar * b;
  const Real sigma_bar =
      -(scale_bar * scale + sum(xhat_bar * n.xhat)) / n.sigma;
  const Real var_bar = sigma_bar / (Real(2) * n.sigma);
  d_bar = xhat_bar / n.sigma + n.d * (Real(2) * var_bar / n.m);
  const Real mean_bar = -sum(d_bar);
  grad_x = d_bar + mean_bar / n.m;
  return scale_bar / n.sigma;
}

template <class Real>
Matrix<Real> jvp_training(const Matrix<Real>& x, const Matrix<Real>& x_dot,
                          const Row<Real>& gamma, const Row<Real>& gamma_dot,
                          const Row<Real>& beta_dot,
                          const std::type_identity_t<Real>& eps) {
  Matrix<Real> y_dot(x.rows(), x.cols());
  each_normalized(x, eps, [&](auto c, Normalized<Real>& n) {
    jvp_training(n, channel_of(x_dot, c), gamma(c), gamma_dot(c), beta_dot(c),
                 channel_of(y_dot, c));
  });
  return y_dot;
}

template <class Real>
struct DoubleBackward {
  Matrix<Real> grad_x;
  Row<Real> grad_gamma;
  Matrix<Real> grad_dy;
};

template <class Real>
DoubleBackward<Real> double_backward_training(
    const Matrix<Real>& x, const Matrix<Real>& dy, const Matrix<Real>& ddx,
    const Row<Real>& gamma, const Row<Real>& ddgamma, const Row<Real>& ddbeta,
    const std::type_identity_t<Real>& eps) {
  DoubleBackward<Real> r{x, gamma, x};
  each_normalized(x, eps, [&](auto c, Normalized<Real>& n) {
    r.grad_gamma(c) = double_backward_training(
        n, channel_of(dy, c), channel_of(ddx, c), gamma(c), ddgamma(c),
        ddbeta(c), channel_of(r.grad_x, c), channel_of(r.grad_dy, c));
  });
  return r;
}

}  // namespace exactbn
