// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/double_double.h"
#include "reference/moments.h"

namespace exactbn {

// The sums of one channel, nearly: what is decided by them must be so whatever
// the error does.
struct EstimatedSums {
  // Whether doubles bound the error. They do not where a value is no number, or
  // the squares leave the range; nothing else means anything then.
  bool known = false;
  DoubleDouble s1;
  DoubleDouble s2;
  DoubleDouble d1;  // 0 where there is no dy
  DoubleDouble d2;
  double dy_square = 0;  // sum dy^2
  // S1, D1, S2 and D2 are off by no more than that part of sum |x|, sum |dy|,
  // sum x^2 and sum |dy x|.
  double error = 0;
};

// Of some channels, several times as fast as channel_sums, and the same bits
// with any number of threads and on any processor. None where it would be no
// faster. dy may be absent.
std::vector<EstimatedSums> estimated_sums(const Tensor& x, const Tensor* dy,
                                          const ChannelView& view,
                                          const Channels& channels);

}  // namespace exactbn
