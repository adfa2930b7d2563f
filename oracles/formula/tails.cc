// SPDX-License-Identifier: Apache-2.0
#include "oracles/formula/tails.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace exactbn::formula {

namespace {

// What a loop runs over.
enum class Extent : std::uint8_t { plane, row, channel, memory };
constexpr std::array kExtents = {Extent::plane, Extent::row, Extent::channel,
                                 Extent::memory};
constexpr std::array<std::string_view, 4> kNames = {
    "of a plane", "of a row", "of a channel", "in memory"};
constexpr std::int64_t kLargestBlock = 1024;

std::int64_t size_of(Extent extent, const Problem& p) {
  switch (extent) {
    case Extent::plane:
      return p.view().inner;
    case Extent::row:
      return p.x().shape().back();
    case Extent::channel:
      return p.view().count();
    case Extent::memory:
      break;
  }
  return p.x().size();
}

std::int64_t place_of(Extent extent, const Problem& p, std::int64_t i) {
  if (extent != Extent::channel) return i % size_of(extent, p);
  const ChannelView view = p.view();
  return i / (view.channels * view.inner) * view.inner + i % view.inner;
}

enum class Fit : std::uint8_t { no, whole_channels, partly };

Fit fit(Extent extent, std::int64_t block, const FailingValues& c) {
  const Problem& p = *c.problem;
  const ChannelView view = p.view();
  const std::int64_t first = size_of(extent, p) / block * block;
  std::set<std::int64_t> channels;
  for (const std::int64_t i : c.failing) channels.insert(view.channel(i));
  std::int64_t others = 0;
  for (std::int64_t i = 0; i < p.x().size(); ++i) {
    if (!channels.contains(view.channel(i))) continue;
    const bool fails =
        std::binary_search(c.failing.begin(), c.failing.end(), i);
    if (fails != (place_of(extent, p, i) >= first)) return Fit::no;
    others += fails ? 0 : 1;
  }
  return others > 0 ? Fit::partly : Fit::whole_channels;
}

}  // namespace

std::string common_tail(std::span<const FailingValues> cases) {
  for (const Extent extent : kExtents) {
    for (std::int64_t block = kLargestBlock; block > 1; block /= 2) {
      int partly = 0;
      const bool all =
          std::all_of(cases.begin(), cases.end(), [&](const auto& c) {
            const Fit found = fit(extent, block, c);
            partly += found == Fit::partly ? 1 : 0;
            return found != Fit::no;
          });
      if (!all || partly < 3) continue;
      return fmt::format("the values {} left after blocks of {}",
                         kNames[static_cast<std::size_t>(extent)], block);
    }
  }
  return {};
}

}  // namespace exactbn::formula
