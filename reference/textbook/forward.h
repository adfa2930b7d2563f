// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <type_traits>

#include "reference/textbook/pairwise.h"

namespace exactbn {

// sqrt(var + eps). Eigen's root of an array may be approximate; this one is
// not.
template <class Real>
Real standard_deviation(const Real& var,
                        const std::type_identity_t<Real>& eps) {
  using std::sqrt;
  return sqrt(Real(var + eps));
}
template <class Real>
Row<Real> standard_deviation(const Row<Real>& var,
                             const std::type_identity_t<Real>& eps) {
  return var.unaryExpr(
      [&](const Real& v) -> Real { return standard_deviation(v, eps); });
}

// Stores x_i - mean in d, and returns mean = 1/m sum x_i. A Real with
// `kEncloses` is an interval: subtracting x_1 first loses little if the values
// are close, as their differences are short.
template <class Real>
Real centre(const ChannelIn<Real>& x, const Real& m, ChannelOut<Real>& d) {
  if constexpr (requires { Real::kEncloses; }) {
    d = x - x(0);
    const Real mean = sum(d) / m;
    d = d - mean;
    return x(0) + mean;
  } else {
    Real mean = sum(x) / m;
    d = x - mean;
    return mean;
  }
}

// A channel as the chain rule needs it, reused for one channel after another:
//   mean  = 1/m sum x_i,          var    = 1/m sum (x_i - mean)^2,
//   sigma = sqrt(var + eps),      xhat_i = d_i / sigma,  d_i = x_i - mean.
template <class Real>
struct Normalized {
  // The number of columns of m values in `memory`.
  static constexpr Eigen::Index kColumns = 4;
  Normalized(Real* memory, Eigen::Index count)
      : m(static_cast<Real>(count)),
        d(memory, count),
        xhat(memory + count, count),
        spare{ChannelOut<Real>(memory + 2 * count, count),
              ChannelOut<Real>(memory + 3 * count, count)} {}

  void set_statistics(const ChannelIn<Real>& x) {
    mean = centre(x, m, d);
    var = sum(d * d) / m;
  }
  void normalize(const ChannelIn<Real>& x, const Real& eps) {
    set_statistics(x);
    sigma = standard_deviation(var, eps);
    xhat = d / sigma;
  }

  Real m;
  Real mean = 0;
  Real var = 0;
  Real sigma = 0;
  ChannelOut<Real> d;
  ChannelOut<Real> xhat;
  std::array<ChannelOut<Real>, 2> spare;  // scratch memory of formulas
};

template <class Real>
struct BatchStatistics {
  Row<Real> mean;
  Row<Real> var;  // biased
};

template <class Real>
BatchStatistics<Real> batch_statistics(const Matrix<Real>& x) {
  BatchStatistics<Real> r{Row<Real>(x.cols()), Row<Real>(x.cols())};
  Matrix<Real> memory(x.rows(), Normalized<Real>::kColumns);
  Normalized<Real> n(memory.data(), x.rows());
  for (Eigen::Index c = 0; c < x.cols(); ++c) {
    n.set_statistics(channel_of(x, c));
    r.mean(c) = n.mean;
    r.var(c) = n.var;
  }
  return r;
}

// Calls action(c, normalized) for every channel.
template <class Real, class Do>
void each_normalized(const Matrix<Real>& x, const Real& eps, const Do& action) {
  Matrix<Real> memory(x.rows(), Normalized<Real>::kColumns);
  Normalized<Real> n(memory.data(), x.rows());
  for (Eigen::Index c = 0; c < x.cols(); ++c) {
    n.normalize(channel_of(x, c), eps);
    action(c, n);
  }
}

// xhat_i = (x_i - mean) / sqrt(var + eps)
template <class Real>
Matrix<Real> normalize(const Matrix<Real>& x, const Row<Real>& mean,
                       const Row<Real>& var,
                       const std::type_identity_t<Real>& eps) {
  const Row<Real> sigma = standard_deviation(var, eps);
  Matrix<Real> xhat(x.rows(), x.cols());
  for (Eigen::Index c = 0; c < x.cols(); ++c) {
    xhat.col(c) = (x.col(c) - mean(c)) / sigma(c);
  }
  return xhat;
}

// y_i = gamma xhat_i + beta
template <class Real>
void forward_training(const Normalized<Real>& n, const Real& gamma,
                      const Real& beta, ChannelOut<Real> y) {
  y = n.xhat * gamma + beta;
}

// The same with the statistics of earlier batches.
template <class Real>
void forward_inference(const ChannelIn<Real>& x, const Real& gamma,
                       const Real& beta, const Real& mean, const Real& sigma,
                       ChannelOut<Real> y) {
  y = (x - mean) / sigma * gamma + beta;
}

template <class Real>
struct Forward {
  Matrix<Real> y;
  Row<Real> mean;
  Row<Real> var;
  Row<Real> invstd;
};

// Algorithm 1 of the paper.
template <class Real>
Forward<Real> forward_training(const Matrix<Real>& x, const Row<Real>& gamma,
                               const Row<Real>& beta,
                               const std::type_identity_t<Real>& eps) {
  Forward<Real> r{Matrix<Real>(x.rows(), x.cols()), gamma, gamma, gamma};
  each_normalized(x, eps, [&](auto c, const Normalized<Real>& n) {
    forward_training(n, gamma(c), beta(c), channel_of(r.y, c));
    r.mean(c) = n.mean;
    r.var(c) = n.var;
    r.invstd(c) = Real(1) / n.sigma;
  });
  return r;
}

template <class Real>
Matrix<Real> forward_inference(const Matrix<Real>& x, const Row<Real>& gamma,
                               const Row<Real>& beta, const Row<Real>& mean,
                               const Row<Real>& var,
                               const std::type_identity_t<Real>& eps) {
  const Row<Real> sigma = standard_deviation(var, eps);
  Matrix<Real> y(x.rows(), x.cols());
  for (Eigen::Index c = 0; c < x.cols(); ++c) {
    forward_inference(channel_of(x, c), gamma(c), beta(c), mean(c), sigma(c),
                      channel_of(y, c));
  }
  return y;
}

}  // namespace exactbn
