// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "reference/draw.h"
#include "reference/testing/digits.h"
#include "reference/textbook.h"

namespace exactbn::second_order_test {
namespace {

using Real = Digits300;

// Four channels of seven values, far from zero mean and from each other.
struct Inputs {
  Matrix<Real> x{7, 4};
  Matrix<Real> dy{7, 4};
  Matrix<Real> ddx{7, 4};
  Row<Real> gamma{4};
  Row<Real> beta{4};
  Row<Real> ddgamma{4};
  Row<Real> ddbeta{4};
  Real eps = 1e-5;
};

Inputs draw(std::uint64_t seed) {
  Draw draw(seed);
  Inputs in;
  for (Eigen::Index c = 0; c < in.x.cols(); ++c) {
    for (Row<Real>* row : {&in.gamma, &in.beta, &in.ddgamma, &in.ddbeta}) {
      (*row)(c) = draw.between(-2, 2);
    }
    for (Eigen::Index i = 0; i < in.x.rows(); ++i) {
      in.x(i, c) = draw.between(-1, 1) + static_cast<double>(c);
      in.dy(i, c) = draw.between(-1, 1);
      in.ddx(i, c) = draw.between(-1, 1);
    }
  }
  return in;
}

// Its error is of the order of h^2.
const Real kStep("1e-60");
const Real kTolerance("1e-110");

// The derivative of f(in) with respect to `at`, a number inside `in`.
template <class Function>
Real central_difference(const Function& f, const Inputs& in, Real& at) {
  const Real here = at;
  at = here + kStep;
  const Real above = f(in);
  at = here - kStep;
  const Real below = f(in);
  at = here;
  return (above - below) / (2 * kStep);
}

// L = sum(dx ddx) + sum(dgamma ddgamma) + sum(dbeta ddbeta)
Real loss(const Inputs& in) {
  const auto r = backward_training(in.x, in.dy, in.gamma, in.eps);
  return channel_sum<Real>(r.dx * in.ddx).sum() +
         (r.dgamma * in.ddgamma + r.dbeta * in.ddbeta).sum();
}

TEST(JvpTraining, AgreesWithCentralDifferencesOfTheForwardPass) {
  const Inputs in = draw(1);
  const auto moved = [&](const Real& h) {
    const Matrix<Real> x = in.x + in.ddx * h;
    const Row<Real> gamma = in.gamma + in.ddgamma * h;
    const Row<Real> beta = in.beta + in.ddbeta * h;
    return forward_training(x, gamma, beta, in.eps).y;
  };
  const Matrix<Real> want = (moved(kStep) - moved(-kStep)) / (2 * kStep);
  const Matrix<Real> got =
      jvp_training(in.x, in.ddx, in.gamma, in.ddgamma, in.ddbeta, in.eps);
  for (Eigen::Index i = 0; i < got.size(); ++i) {
    EXPECT_LT(abs(got.data()[i] - want.data()[i]), kTolerance);
  }
}

TEST(DoubleBackwardTraining, AgreesWithCentralDifferencesOfTheBackwardPass) {
  Inputs in = draw(2);
  const auto got = double_backward_training(in.x, in.dy, in.ddx, in.gamma,
                                            in.ddgamma, in.ddbeta, in.eps);
  for (Eigen::Index c = 0; c < in.x.cols(); ++c) {
    const auto by = [&](Real& at) { return central_difference(loss, in, at); };
    EXPECT_LT(abs(by(in.gamma(c)) - got.grad_gamma(c)), kTolerance);
    for (Eigen::Index i = 0; i < in.x.rows(); ++i) {
      EXPECT_LT(abs(by(in.x(i, c)) - got.grad_x(i, c)), kTolerance);
      EXPECT_LT(abs(by(in.dy(i, c)) - got.grad_dy(i, c)), kTolerance);
    }
  }
}

}  // namespace
}  // namespace exactbn::second_order_test
