// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "reference/textbook/forward.h"

namespace exactbn {

// The gradients of one channel.
template <class Real>
struct ParameterGradients {
  Real dgamma;
  Real dbeta;
};

//   dgamma = sum dy_i xhat_i,  dbeta = sum dy_i
//   dx_i = gamma / sigma (dy_i - dbeta / m - xhat_i dgamma / m)
template <class Real>
ParameterGradients<Real> backward_training(const Normalized<Real>& n,
                                           const ChannelIn<Real>& dy,
                                           const Real& gamma,
                                           ChannelOut<Real> dx) {
  const Real dgamma = sum(dy * n.xhat);
  const Real dbeta = sum(dy);
  const Real scale = gamma / n.sigma;
  dx = (dy - dbeta / n.m - n.xhat * (dgamma / n.m)) * scale;
  return {dgamma, dbeta};
}

template <class Real>
struct StatisticGradients {
  Real dvar;
  Real dmean;
};

// The chain rule in the stages of Ioffe & Szegedy 2015, section 3:
//   dxhat_i = dy_i gamma
//   dvar    = sum dxhat_i (x_i - mean) (-1/2) (var + eps)^(-3/2)
//   dmean   = sum dxhat_i (-1) / sqrt(var + eps)
//             + dvar sum (-2) (x_i - mean) / m
//   dx_i    = dxhat_i / sqrt(var + eps) + dvar 2 (x_i - mean) / m + dmean / m
template <class Real>
StatisticGradients<Real> backward_training_staged(
    const Normalized<Real>& n, const ChannelIn<Real>& dy, const Real& gamma,
    const std::type_identity_t<Real>& eps, ChannelOut<Real> dxhat,
    ChannelOut<Real> dx) {
  dxhat = dy * gamma;
  const Real dvar = sum(dxhat * n.d) / (Real(-2) * (n.var + eps) * n.sigma);
  const Real dmean = -sum(dxhat) / n.sigma + dvar * (Real(-2) * sum(n.d) / n.m);
  dx = dxhat / n.sigma + n.d * (Real(2) / n.m) * dvar + dmean / n.m;
  return {dvar, dmean};
}

// Frozen statistics do not depend on x:
//   xhat_i = (x_i - mean) / sigma,  dx_i = gamma dy_i / sigma
template <class Real>
ParameterGradients<Real> backward_inference(const ChannelIn<Real>& x,
                                            const ChannelIn<Real>& dy,
                                            const Real& gamma, const Real& mean,
                                            const Real& sigma,
                                            ChannelOut<Real> dx) {
  dx = dy * (gamma / sigma);
  return {sum(dy * ((x - mean) / sigma)), sum(dy)};
}

template <class Real>
struct Backward {
  Backward(Eigen::Index m, Eigen::Index channels)
      : dx(m, channels), dgamma(channels), dbeta(channels) {}
  void set(Eigen::Index c, const ParameterGradients<Real>& gradients) {
    dgamma(c) = gradients.dgamma;
    dbeta(c) = gradients.dbeta;
  }

  Matrix<Real> dx;
  Row<Real> dgamma;
  Row<Real> dbeta;
};

template <class Real>
Backward<Real> backward_training(const Matrix<Real>& x, const Matrix<Real>& dy,
                                 const Row<Real>& gamma,
                                 const std::type_identity_t<Real>& eps) {
  Backward<Real> r(x.rows(), x.cols());
  each_normalized(x, eps, [&](auto c, const Normalized<Real>& n) {
    r.set(c, backward_training(n, channel_of(dy, c), gamma(c),
                               channel_of(r.dx, c)));
  });
  return r;
}

// The same with the intermediate gradients: dxhat, dvar and dmean.
template <class Real>
struct StagedBackward {
  Matrix<Real> dxhat;
  Row<Real> dvar;
  Row<Real> dmean;
  Backward<Real> gradients;
};

template <class Real>
StagedBackward<Real> backward_training_staged(
    const Matrix<Real>& x, const Matrix<Real>& dy, const Row<Real>& gamma,
    const std::type_identity_t<Real>& eps) {
  StagedBackward<Real> r{x, gamma, gamma, {x.rows(), x.cols()}};
  each_normalized(x, eps, [&](auto c, const Normalized<Real>& n) {
    const ChannelIn<Real> dy_c = channel_of(dy, c);
    const auto [dvar, dmean] =
        backward_training_staged(n, dy_c, gamma(c), eps, channel_of(r.dxhat, c),
                                 channel_of(r.gradients.dx, c));
    r.dvar(c) = dvar;
    r.dmean(c) = dmean;
    r.gradients.set(c, {sum(dy_c * n.xhat), sum(dy_c)});
  });
  return r;
}

template <class Real>
Backward<Real> backward_inference(const Matrix<Real>& x, const Matrix<Real>& dy,
                                  const Row<Real>& gamma, const Row<Real>& mean,
                                  const Row<Real>& var,
                                  const std::type_identity_t<Real>& eps) {
  Backward<Real> r(x.rows(), x.cols());
  const Row<Real> sigma = standard_deviation(var, eps);
  for (Eigen::Index c = 0; c < x.cols(); ++c) {
    r.set(c, backward_inference(channel_of(x, c), channel_of(dy, c), gamma(c),
                                mean(c), sigma(c), channel_of(r.dx, c)));
  }
  return r;
}

}  // namespace exactbn
