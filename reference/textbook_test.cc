// SPDX-License-Identifier: Apache-2.0
#include "reference/textbook.h"

#include <gmock/gmock.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <vector>

#include "reference/testing/digits.h"

namespace exactbn::textbook_test {
namespace {

namespace mp = boost::multiprecision;
using Rational = mp::number<mp::cpp_rational_backend, mp::et_off>;

template <class Real = double>
Row<Real> row(std::initializer_list<Real> values) {
  Row<Real> r(static_cast<Eigen::Index>(values.size()));
  std::copy(values.begin(), values.end(), r.data());
  return r;
}

// One channel.
template <class Real = double>
Matrix<Real> column(std::initializer_list<Real> values) {
  return row<Real>(values).transpose();
}

template <class Real>
std::vector<Real> values(const Matrix<Real>& a) {
  return {a.data(), a.data() + a.size()};
}

using testing::ElementsAre;

TEST(WorkedExample, TwoFourSixEightHasMeanFiveAndVarianceFive) {
  const auto r =
      forward_training(column({2., 4., 6., 8.}), row({1.}), row({0.}), 0);
  EXPECT_EQ(r.mean(0), 5);
  EXPECT_EQ(r.var(0), 5);
  EXPECT_EQ(r.invstd(0), 1 / std::sqrt(5.));
  const double root = std::sqrt(5.);
  EXPECT_THAT(values(r.y),
              ElementsAre(-3 / root, -1 / root, 1 / root, 3 / root));
}

TEST(WorkedExample, GammaTwoBetaOneGivesMeanOneAndVarianceFour) {
  using Real = Digits300;
  const auto r = forward_training(column<Real>({2, 4, 6, 8}), row<Real>({2}),
                                  row<Real>({1}), 0);
  const Real xhat0 = -3 / sqrt(Real(5));
  EXPECT_LT(abs(r.y(0, 0) - (2 * xhat0 + 1)), Real("1e-198"));
  const auto of_y = batch_statistics(r.y);
  EXPECT_LT(abs(of_y.mean(0) - 1), Real("1e-198"));
  EXPECT_LT(abs(of_y.var(0) - 4), Real("1e-198"));
}

// mean = 2 and var = 1, so d = x - mean = (-1, 1) and dxhat = dy:
//   dvar  = ((1/2)(-1) + (-1/2)(1)) (-1/2) = 1/2
//   dmean = -(1/2 - 1/2) + dvar (-2)(-1 + 1)/2 = 0
//   dx_1  = 1/2 + (1/2) 2 (-1)/2 + 0 = 0, and dx_2 = 0 by symmetry.
TEST(WorkedExample, OneThreeStagedBackwardGivesZeroDx) {
  const auto r = backward_training_staged(column({1., 3.}), column({.5, -.5}),
                                          row({1.}), 0);
  EXPECT_THAT(values(r.dxhat), ElementsAre(.5, -.5));
  EXPECT_EQ(r.dvar(0), 0.5);
  EXPECT_EQ(r.dmean(0), 0);
  EXPECT_THAT(values(r.gradients.dx), ElementsAre(0, 0));
  EXPECT_EQ(r.gradients.dgamma(0), -1);
  EXPECT_EQ(r.gradients.dbeta(0), 0);
}

TEST(WorkedExample, KEqualBatchesKeepAlphaToTheKOfTheStart) {
  const Rational alpha(9, 10);
  const auto r0 = row<Rational>({Rational(7, 3)});
  const auto mu = row<Rational>({Rational(-2, 5)});
  Row<Rational> r = r0;
  Rational power = 1;
  for (int k = 1; k <= 20; ++k) {
    r = decaying_average(r, mu, alpha);
    power *= alpha;
    EXPECT_EQ(r(0), power * r0(0) + (1 - power) * mu(0)) << k;
  }
}

TEST(RunningAverage, TheWeightOfTheNewIsOneMinusTheWeightOfTheOld) {
  const auto old = row<Rational>({Rational(7, 3), 0});
  const auto batch = row<Rational>({5, Rational(1, 9)});
  const Rational momentum(1, 8);
  const auto r = running_average(old, batch, momentum);
  EXPECT_EQ(r(0), Rational(7, 8) * Rational(7, 3) + Rational(5, 8));
  EXPECT_TRUE((r == decaying_average(old, batch, 1 - momentum)).all());
  EXPECT_TRUE((running_average(old, batch, 0) == old).all());
  EXPECT_TRUE((running_average(old, batch, 1) == batch).all());
}

TEST(CumulativeAverage, IsTheMeanOfTheMeans) {
  Row<Rational> r = row<Rational>({1000});
  Rational sum = 0;
  for (int count = 0; count < 12; ++count) {
    const Rational mean(3 * count * count - 7, count + 2);
    r = cumulative_average(r, row<Rational>({mean}), count);
    sum += mean;
    EXPECT_EQ(r(0), sum / (count + 1)) << count;
  }
}

TEST(Unbiased, MultipliesByMOverMMinusOne) {
  EXPECT_EQ(unbiased(row({1.}), 2)(0), 2);
  EXPECT_EQ(unbiased(row<Rational>({Rational(5)}), 4)(0), Rational(20, 3));
  EXPECT_TRUE(std::isnan(unbiased(row({0.}), 1)(0)));
}

TEST(ForwardTraining, GammaSigmaAndBetaMeanRestoreX) {
  const auto give_back = []<class Real>(const Matrix<Real>& x,
                                        const Real& eps) {
    const auto [mean, var] = batch_statistics(x);
    const Row<Real> gamma = standard_deviation(var, eps);
    return forward_training(x, gamma, mean, eps).y;
  };
  const auto x = column({-1.25, 3., 0.1, 17.});
  const auto y = give_back(x, 1e-5);
  const Matrix<Digits300> exact_x = x.cast<Digits300>();
  const auto exact_y = give_back(exact_x, Digits300(1e-5));
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    EXPECT_NEAR(y(i, 0), x(i, 0), 4 * 17 * 0x1p-53) << i;
    EXPECT_LT(abs(exact_y(i, 0) - exact_x(i, 0)), Digits300("1e-190")) << i;
  }
}

TEST(ForwardTraining, ChannelsAreIndependent) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  Matrix<double> x(3, 2);
  x << 1, kInf, 2, 5, 3, 6;
  const auto r = forward_training(x, row({1., 1.}), row({0., 0.}), 0);
  const Matrix<double> first = x.col(0);
  const auto alone = forward_training(first, row({1.}), row({0.}), 0);
  EXPECT_THAT(values<double>(r.y.col(0)),
              testing::ElementsAreArray(values(alone.y)));
  EXPECT_TRUE(r.y.col(1).isNaN().all());
}

TEST(ForwardTraining, AConstantChannelWithoutEpsilonIsNaNAndWithItBeta) {
  const auto x = column({3., 3.});
  EXPECT_TRUE(forward_training(x, row({2.}), row({7.}), 0).y.isNaN().all());
  EXPECT_THAT(values(forward_training(x, row({2.}), row({7.}), 1e-5).y),
              ElementsAre(7, 7));
}

TEST(PairwiseSum, OfAMillionFloatsLosesLittle) {
  const Eigen::Index n = 1'000'003;
  const Matrix<float> a = Matrix<float>::Constant(n, 1, 1.1F);
  const double exact = static_cast<double>(1.1F) * static_cast<double>(n);
  EXPECT_NEAR(channel_sum(a)(0), exact, exact * 20 * 0x1p-24);
}

TEST(PairwiseSum, AddsEveryElementOnce) {
  for (Eigen::Index n = 1; n <= 70; ++n) {
    const Matrix<double> a =
        Eigen::ArrayXd::LinSpaced(n, 1, static_cast<double>(n));
    EXPECT_EQ(channel_sum(a)(0), static_cast<double>(n * (n + 1) / 2)) << n;
  }
}

}  // namespace
}  // namespace exactbn::textbook_test
