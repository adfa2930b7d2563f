// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/sums/double_double.h"
#include "reference/sums/moments.h"

namespace exactbn {

// Estimates of the sums of one channel. A decision based on them must allow for
// `error`.
struct EstimatedSums {
  // Whether `error` is a bound. It is not if a value is not finite or the
  // squares leave the range; all other fields are then meaningless.
  bool known = false;
  DoubleDouble s1;
  DoubleDouble s2;
  DoubleDouble d1;  // 0 without dy
  DoubleDouble d2;
  double dy_square = 0;  // sum dy^2
  // sum |x| and sum |dy|, with a relative error of 2^-30; only if an input is
  // f64.
  double size = 0;
  double dy_size = 0;
  // With X = sqrt(S2/m) and Y = sqrt(sum dy^2 / m), the errors of S1, S2, D1
  // and D2 are at most error times m X, m X^2, m Y and m X Y.
  double error = 0;
};

// The estimates for several channels, several times as fast as channel_sums.
// The bits depend neither on the number of threads nor on the processor. Empty
// if it would not be faster. dy may be null.
std::vector<EstimatedSums> estimated_sums(const Tensor& x, const Tensor* dy,
                                          const ChannelView& view,
                                          const Channels& channels);

}  // namespace exactbn
