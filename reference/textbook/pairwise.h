// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/textbook/matrix.h"

namespace exactbn {

// The sum of n values in halves of halves, down to blocks of 8: the error grows
// with log2 n, not with n (Higham 2002, section 4.2). The order depends on n
// alone, so the bits are the same on every machine.
template <class Real>
Real pairwise_sum(const Real* a, Eigen::Index n) {
  constexpr Eigen::Index kBlock = 8;
  if (n > kBlock) {
    const Eigen::Index half = n / 2;
    return pairwise_sum(a, half) + pairwise_sum(a + half, n - half);
  }
  Real sum = 0;
  for (Eigen::Index i = 0; i < n; ++i) sum += a[i];
  return sum;
}

// The sum of each channel.
template <class Real>
Row<Real> channel_sum(const Matrix<Real>& a) {
  Row<Real> sum(a.cols());
  for (Eigen::Index c = 0; c < a.cols(); ++c) {
    sum(c) = pairwise_sum(a.col(c).data(), a.rows());
  }
  return sum;
}

}  // namespace exactbn
