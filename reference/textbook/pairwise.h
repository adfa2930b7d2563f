// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/textbook/matrix.h"

namespace exactbn {

// The sum of n terms by repeated halving, down to blocks of 8: the error grows
// with log2 n, not with n (Higham 2002, section 4.2). The order depends on n
// alone, so the bits are the same on every machine.
template <class Terms>
typename Terms::Scalar pairwise_sum(const Terms& terms, Eigen::Index first,
                                    Eigen::Index n) {
  constexpr Eigen::Index kBlock = 8;
  if (n > kBlock) {
    const Eigen::Index half = n / 2;
    return pairwise_sum(terms, first, half) +
           pairwise_sum(terms, first + half, n - half);
  }
  typename Terms::Scalar sum = 0;
  for (Eigen::Index i = first; i < first + n; ++i) sum += terms.coeff(i);
  return sum;
}

// The sum over a channel.
template <class Terms>
typename Terms::Scalar sum(const Eigen::ArrayBase<Terms>& terms) {
  return pairwise_sum(terms.derived(), 0, terms.size());
}

// The sum of each channel.
template <class Real>
Row<Real> channel_sum(const Matrix<Real>& a) {
  Row<Real> sums(a.cols());
  for (Eigen::Index c = 0; c < a.cols(); ++c) sums(c) = sum(channel_of(a, c));
  return sums;
}

}  // namespace exactbn
