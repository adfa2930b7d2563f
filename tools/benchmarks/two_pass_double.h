// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/tensor.h"

namespace exactbn {

struct MeanAndVariance {
  double mean;
  double variance;
};

// Mean and variance of each channel in double, in two passes: the mean, then
// the mean of the squared deviations. Value i of a row of a channel goes to
// partial sum i % lanes: with one sum, the order of additions prevents
// vectorization.
template <int lanes>
std::vector<MeanAndVariance> two_pass_double(const float* x,
                                             const ChannelView& view);

}  // namespace exactbn
