// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <type_traits>

#include "reference/textbook/pairwise.h"

namespace exactbn {

template <class Real>
struct BatchStatistics {
  Row<Real> mean;
  Row<Real> var;  // biased
};

template <class Real>
struct Forward {
  Matrix<Real> y;
  Row<Real> mean;
  Row<Real> var;
  Row<Real> invstd;
};

// mean = 1/m sum x_i;  var = 1/m sum (x_i - mean)^2.
template <class Real>
BatchStatistics<Real> batch_statistics(const Matrix<Real>& x) {
  const auto m = static_cast<Real>(x.rows());
  const Row<Real> mean = channel_sum(x) / m;
  const Matrix<Real> d = x.rowwise() - mean;
  return {mean, channel_sum<Real>(d * d) / m};
}

// sqrt(var + eps), element by element: Eigen's own may be approximate.
template <class Real>
Row<Real> standard_deviation(const Row<Real>& var,
                             const std::type_identity_t<Real>& eps) {
  return (var + eps).unaryExpr([](const Real& w) -> Real {
    using std::sqrt;
    return sqrt(w);
  });
}

// xhat_i = (x_i - mean) / sqrt(var + eps).
template <class Real>
Matrix<Real> normalize(const Matrix<Real>& x, const Row<Real>& mean,
                       const Row<Real>& var,
                       const std::type_identity_t<Real>& eps) {
  const Row<Real> sigma = standard_deviation(var, eps);
  return (x.rowwise() - mean).rowwise() / sigma;
}

// What the chain rule needs of the forward pass: sigma = sqrt(var + eps),
// d_i = x_i - mean, xhat_i = d_i / sigma.
template <class Real>
struct Normalized {
  Row<Real> var;
  Row<Real> sigma;
  Matrix<Real> d;
  Matrix<Real> xhat;
};

template <class Real>
Normalized<Real> normalized(const Matrix<Real>& x,
                            const std::type_identity_t<Real>& eps) {
  const auto [mean, var] = batch_statistics(x);
  const Row<Real> sigma = standard_deviation(var, eps);
  const Matrix<Real> d = x.rowwise() - mean;
  return {var, sigma, d, d.rowwise() / sigma};
}

// y_i = gamma xhat_i + beta, with the statistics of earlier batches.
template <class Real>
Matrix<Real> forward_inference(const Matrix<Real>& x, const Row<Real>& gamma,
                               const Row<Real>& beta, const Row<Real>& mean,
                               const Row<Real>& var,
                               const std::type_identity_t<Real>& eps) {
  const Matrix<Real> xhat = normalize(x, mean, var, eps);
  return (xhat.rowwise() * gamma).rowwise() + beta;
}

// Algorithm 1 of the paper.
template <class Real>
Forward<Real> forward_training(const Matrix<Real>& x, const Row<Real>& gamma,
                               const Row<Real>& beta,
                               const std::type_identity_t<Real>& eps) {
  const auto [mean, var] = batch_statistics(x);
  return {forward_inference(x, gamma, beta, mean, var, eps), mean, var,
          Real(1) / standard_deviation(var, eps)};
}

}  // namespace exactbn
