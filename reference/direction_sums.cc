// SPDX-License-Identifier: Apache-2.0
#include "reference/direction_sums.h"

#include <array>

namespace exactbn {

std::vector<DirectionSums> direction_sums(const Tensor& u, const Tensor& x,
                                          const Tensor* dy,
                                          const ChannelView& view,
                                          const Channels& channels) {
  const std::array<const Tensor*, 3> tensors = {&u, &x, dy};
  const std::array<Term, 3> terms = {{{0}, {0, 1}, {0, 2}}};
  const std::size_t count = dy ? 3 : 2;
  const Moments m = moments(std::span(tensors).first(count),
                            std::span(terms).first(count), view, channels);
  std::vector<DirectionSums> sums(static_cast<std::size_t>(channels.count));
  for (std::int64_t c = 0; c < channels.count; ++c) {
    DirectionSums& s = sums[static_cast<std::size_t>(c)];
    s.u1 = m.sum(0, c);
    s.u2 = m.sum(1, c);
    if (dy) s.u3 = m.sum(2, c);
    s.finite = m.finite(0, c);
  }
  return sums;
}

DirectionSums direction_sums(const Tensor& u, const Tensor& x, const Tensor* dy,
                             const ChannelView& view, std::int64_t channel) {
  return direction_sums(u, x, dy, view, Channels{channel, 1}).front();
}

}  // namespace exactbn
