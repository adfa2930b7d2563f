// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "reference/textbook/forward.h"

namespace exactbn {

template <class Real>
struct Backward {
  Matrix<Real> dx;
  Row<Real> dgamma;
  Row<Real> dbeta;
};

// The same with the gradients on the way: dxhat, and those of the statistics.
template <class Real>
struct StagedBackward {
  Matrix<Real> dxhat;
  Row<Real> dvar;
  Row<Real> dmean;
  Backward<Real> gradients;
};

// The chain rule in the stages of Ioffe & Szegedy 2015, section 3:
//   dxhat_i = dy_i gamma
//   dvar    = sum dxhat_i (x_i - mean) (-1/2) (var + eps)^(-3/2)
//   dmean   = sum dxhat_i (-1) / sqrt(var + eps)
//             + dvar sum (-2) (x_i - mean) / m
//   dx_i    = dxhat_i / sqrt(var + eps) + dvar 2 (x_i - mean) / m + dmean / m
template <class Real>
StagedBackward<Real> backward_training_staged(
    const Matrix<Real>& x, const Matrix<Real>& dy, const Row<Real>& gamma,
    const std::type_identity_t<Real>& eps) {
  const auto m = static_cast<Real>(x.rows());
  const auto [var, sigma, d, xhat] = normalized(x, eps);

  const Matrix<Real> dxhat = dy.rowwise() * gamma;
  const Row<Real> dvar =
      channel_sum<Real>(dxhat * d) / (Real(-2) * (var + eps) * sigma);
  const Row<Real> dmean =
      -channel_sum(dxhat) / sigma + dvar * (Real(-2) * channel_sum(d) / m);

  const Matrix<Real> through_xhat = dxhat.rowwise() / sigma;
  const Matrix<Real> through_var = (d * (Real(2) / m)).rowwise() * dvar;
  const Row<Real> through_mean = dmean / m;
  return {dxhat,
          dvar,
          dmean,
          {(through_xhat + through_var).rowwise() + through_mean,
           channel_sum<Real>(dy * xhat), channel_sum(dy)}};
}

// The stages put together:
//   dx_i = gamma / sqrt(var + eps) (dy_i - dbeta / m - xhat_i dgamma / m)
template <class Real>
Backward<Real> backward_training(const Matrix<Real>& x, const Matrix<Real>& dy,
                                 const Row<Real>& gamma,
                                 const std::type_identity_t<Real>& eps) {
  const auto m = static_cast<Real>(x.rows());
  const auto [var, sigma, d, xhat] = normalized(x, eps);

  const Row<Real> dgamma = channel_sum<Real>(dy * xhat);
  const Row<Real> dbeta = channel_sum(dy);
  const Matrix<Real> centred = dy.rowwise() - Row<Real>(dbeta / m);
  const Matrix<Real> g = centred - xhat.rowwise() * Row<Real>(dgamma / m);
  const Row<Real> scale = gamma / sigma;
  return {g.rowwise() * scale, dgamma, dbeta};
}

// Frozen statistics do not depend on x:  dx_i = gamma dy_i / sqrt(var + eps).
template <class Real>
Backward<Real> backward_inference(const Matrix<Real>& x, const Matrix<Real>& dy,
                                  const Row<Real>& gamma, const Row<Real>& mean,
                                  const Row<Real>& var,
                                  const std::type_identity_t<Real>& eps) {
  const Matrix<Real> xhat = normalize(x, mean, var, eps);
  const Row<Real> scale = gamma / standard_deviation(var, eps);
  return {dy.rowwise() * scale, channel_sum<Real>(dy * xhat), channel_sum(dy)};
}

}  // namespace exactbn
