// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/problem.h"
#include "reference/sums/moments.h"

namespace exactbn {

// The four sums of one channel, without rounding: S1 = sum x, S2 = sum x^2,
// D1 = sum dy, D2 = sum dy x. A sum that a NaN or an infinity enters is left
// at 0 and flagged.
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

// Those of some channels, in parallel, and with the channel axis last much
// faster than one at a time.
std::vector<Sums> channel_sums(const Tensor& x, const Tensor* dy,
                               const ChannelView& view,
                               const Channels& channels,
                               SumPath path = SumPath::blocks);

// Those of every channel.
std::vector<Sums> channel_sums(const Tensor& x, const Tensor* dy,
                               const ChannelView& view,
                               SumPath path = SumPath::blocks);

// The sums that a direction u of x adds to those of a channel, without
// rounding: U1 = sum u, U2 = sum u x, U3 = sum u dy. A sum that a NaN or an
// infinity enters is left at 0; of x and dy the channel's Sums tell.
struct DirectionSums {
  Dyadic u1;
  Dyadic u2;
  Dyadic u3;
  bool finite = true;  // u
};

// dy may be absent; U3 is then 0.
DirectionSums direction_sums(const Tensor& u, const Tensor& x, const Tensor* dy,
                             const ChannelView& view, std::int64_t channel);

// Those of some channels, in parallel.
std::vector<DirectionSums> direction_sums(const Tensor& u, const Tensor& x,
                                          const Tensor* dy,
                                          const ChannelView& view,
                                          const Channels& channels);

}  // namespace exactbn
