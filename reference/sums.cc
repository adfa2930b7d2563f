// SPDX-License-Identifier: Apache-2.0
#include "reference/sums.h"

#include <array>

namespace exactbn {

std::vector<Sums> channel_sums(const Tensor& x, const Tensor* dy,
                               const ChannelView& view,
                               const Channels& channels, SumPath path) {
  const std::array<const Tensor*, 2> tensors = {&x, dy};
  const std::array<Term, 4> terms = {{{0}, {0, 0}, {1}, {1, 0}}};
  const Moments m =
      moments(std::span(tensors).first(dy ? 2 : 1),
              std::span(terms).first(dy ? 4 : 2), view, channels, path);
  std::vector<Sums> sums(static_cast<std::size_t>(channels.count));
  for (std::int64_t c = 0; c < channels.count; ++c) {
    Sums& s = sums[static_cast<std::size_t>(c)];
    s.s1 = m.sum(0, c);
    s.s2 = m.sum(1, c);
    s.x_finite = m.finite(0, c);
    if (!dy) continue;
    s.d1 = m.sum(2, c);
    s.d2 = m.sum(3, c);
    s.dy_finite = m.finite(1, c);
  }
  return sums;
}

Sums channel_sums(const Tensor& x, const Tensor* dy, const ChannelView& view,
                  std::int64_t channel) {
  return channel_sums(x, dy, view, Channels{channel, 1}).front();
}

std::vector<Sums> channel_sums(const Tensor& x, const Tensor* dy,
                               const ChannelView& view, SumPath path) {
  return channel_sums(x, dy, view, Channels{0, view.channels}, path);
}

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
