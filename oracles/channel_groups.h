// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "reference/sums/moments.h"

namespace exactbn {

// With the channel axis last, so many channels share lines of the cache: what
// sums one of them can as well sum all.
inline constexpr std::int64_t kChannelGroup = 16;

// The group of so many of these channels that one of them is in. A last group
// of fewer joins the one before it.
inline Channels group_of(std::int64_t channel, const Channels& channels) {
  constexpr std::int64_t size = kChannelGroup;
  const std::int64_t last =
      std::max(channels.count / size - 1, std::int64_t{0});
  const std::int64_t group = std::min((channel - channels.first) / size, last);
  const std::int64_t first = channels.first + group * size;
  const std::int64_t end = channels.first + channels.count;
  return {first, group < last ? size : end - first};
}

}  // namespace exactbn
