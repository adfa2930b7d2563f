// SPDX-License-Identifier: Apache-2.0
#include "reference/textbook/backward.h"

#include <gtest/gtest.h>

#include <random>

#include "reference/testing/digits.h"

namespace exactbn::backward_test {
namespace {

using Real = Digits300;

// Four channels of seven values, far from zero mean and from each other.
struct Inputs {
  Matrix<Real> x{7, 4};
  Matrix<Real> dy{7, 4};
  Row<Real> gamma{4};
  Row<Real> beta{4};
  Real eps = 1e-5;
};

Inputs draw(unsigned seed) {
  std::mt19937_64 bits(seed);
  const auto between = [&](double low, double high) -> Real {
    return low + (high - low) * (static_cast<double>(bits() >> 11) * 0x1p-53);
  };
  Inputs in;
  for (Eigen::Index c = 0; c < in.x.cols(); ++c) {
    in.gamma(c) = between(-2, 2);
    in.beta(c) = between(-2, 2);
    for (Eigen::Index i = 0; i < in.x.rows(); ++i) {
      in.x(i, c) = between(-1, 1) + static_cast<double>(c);
      in.dy(i, c) = between(-1, 1);
    }
  }
  return in;
}

// sum(dy y), whose gradients are dx, dgamma and dbeta.
Real loss(const Inputs& in) {
  const auto y = forward_training(in.x, in.gamma, in.beta, in.eps).y;
  return channel_sum<Real>(in.dy * y).sum();
}

// The derivative of loss(in) with respect to `at`, a number inside `in`; its
// error is of the order of h^2.
Real central_difference(const Inputs& in, Real& at) {
  const Real h("1e-60");
  const Real here = at;
  at = here + h;
  const Real above = loss(in);
  at = here - h;
  const Real below = loss(in);
  at = here;
  return (above - below) / (2 * h);
}

template <class Array>
Real largest(const Array& a) {
  Real most = 0;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    const Real size = abs(a.data()[i]);
    if (size > most) most = size;
  }
  return most;
}

TEST(BackwardTraining, StagedEqualsCompact) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    const Inputs in = draw(seed);
    const auto staged =
        backward_training_staged(in.x, in.dy, in.gamma, in.eps).gradients;
    const auto compact = backward_training(in.x, in.dy, in.gamma, in.eps);
    EXPECT_LT(largest<Matrix<Real>>(staged.dx - compact.dx), Real("1e-290"));
    EXPECT_LT(largest<Row<Real>>(staged.dgamma - compact.dgamma),
              Real("1e-290"));
    EXPECT_LT(largest<Row<Real>>(staged.dbeta - compact.dbeta), Real("1e-290"));
    EXPECT_GT(largest(compact.dx), Real("1e-3"));
  }
}

TEST(BackwardTraining, AgreesWithCentralDifferences) {
  Inputs in = draw(1);
  const auto r = backward_training(in.x, in.dy, in.gamma, in.eps);
  const Real tolerance("1e-110");
  for (Eigen::Index c = 0; c < in.x.cols(); ++c) {
    EXPECT_LT(abs(central_difference(in, in.gamma(c)) - r.dgamma(c)),
              tolerance);
    EXPECT_LT(abs(central_difference(in, in.beta(c)) - r.dbeta(c)), tolerance);
    for (Eigen::Index i = 0; i < in.x.rows(); ++i) {
      EXPECT_LT(abs(central_difference(in, in.x(i, c)) - r.dx(i, c)),
                tolerance);
    }
  }
}

TEST(BackwardInference, DxIsGammaDyOverSigmaAndDiffersFromTraining) {
  const Inputs in = draw(2);
  const auto [mean, var] = batch_statistics(in.x);
  const auto frozen =
      backward_inference(in.x, in.dy, in.gamma, mean, var, in.eps);
  const auto training = backward_training(in.x, in.dy, in.gamma, in.eps);
  for (Eigen::Index c = 0; c < in.x.cols(); ++c) {
    for (Eigen::Index i = 0; i < in.x.rows(); ++i) {
      const Real want = in.gamma(c) * in.dy(i, c) / sqrt(var(c) + in.eps);
      EXPECT_LT(abs(frozen.dx(i, c) - want), Real("1e-290"));
      EXPECT_GT(abs(frozen.dx(i, c) - training.dx(i, c)), Real("1e-6"));
    }
  }
  EXPECT_LT(largest<Row<Real>>(frozen.dgamma - training.dgamma),
            Real("1e-290"));
  EXPECT_LT(largest<Row<Real>>(frozen.dbeta - training.dbeta), Real("1e-290"));
}

}  // namespace
}  // namespace exactbn::backward_test
