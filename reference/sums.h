// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/problem.h"
#include "reference/sums/moments.h"

namespace exactbn {

// The four sums of a channel, without rounding:
//   S1 = sum x,  S2 = sum x^2,  D1 = sum dy,  D2 = sum dy x.
// A sum that contains a NaN or an infinity stays 0 and is flagged.
struct Sums {
  Dyadic s1;
  Dyadic s2;
  Dyadic d1;
  Dyadic d2;
  bool x_finite = true;
  bool dy_finite = true;
};

// dy may be absent; its sums are then 0.
Sums channel_sums(const Tensor& x, const Tensor* dy, const ChannelView& view,
                  std::int64_t channel);

// The sums of several channels, in parallel. If the channel axis is last, this
// is much faster than one channel at a time.
std::vector<Sums> channel_sums(const Tensor& x, const Tensor* dy,
                               const ChannelView& view,
                               const Channels& channels,
                               SumPath path = SumPath::blocks);

// The sums of every channel.
std::vector<Sums> channel_sums(const Tensor& x, const Tensor* dy,
                               const ChannelView& view,
                               SumPath path = SumPath::blocks);

// The sums of a channel with a direction u of x, without rounding: U1 = sum u,
// U2 = sum u x, U3 = sum u dy. A sum that contains a NaN or an infinity stays
// 0; the channel's Sums have the flags of x and dy.
struct DirectionSums {
  Dyadic u1;
  Dyadic u2;
  Dyadic u3;
  bool finite = true;  // u
};

// dy may be absent; U3 is then 0.
DirectionSums direction_sums(const Tensor& u, const Tensor& x, const Tensor* dy,
                             const ChannelView& view, std::int64_t channel);

// The sums of several channels, in parallel.
std::vector<DirectionSums> direction_sums(const Tensor& u, const Tensor& x,
                                          const Tensor* dy,
                                          const ChannelView& view,
                                          const Channels& channels);

}  // namespace exactbn
