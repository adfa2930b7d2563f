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

// How the values of the channels with failures are divided.
struct Counts {
  std::int64_t failing_outside = 0;  // of the tails
  std::int64_t failing_inside = 0;
  std::int64_t passing_inside = 0;
  bool has_outside = false;
};

Counts count(Extent extent, std::int64_t block, const FailingValues& c) {
  const Problem& p = *c.problem;
  const ChannelView view = p.view();
  const std::int64_t first = size_of(extent, p) / block * block;
  std::set<std::int64_t> channels;
  for (const std::int64_t i : c.failing) channels.insert(view.channel(i));
  Counts counts;
  for (std::int64_t i = 0; i < p.x().size(); ++i) {
    if (!channels.contains(view.channel(i))) continue;
    const bool fails =
        std::binary_search(c.failing.begin(), c.failing.end(), i);
    const bool inside = place_of(extent, p, i) >= first;
    counts.has_outside = counts.has_outside || !inside;
    if (fails) {
      ++(inside ? counts.failing_inside : counts.failing_outside);
    } else if (inside) {
      ++counts.passing_inside;
    }
  }
  return counts;
}

// Three cases or more have values outside of the tails, and none of those
// fails. A few inside may pass, by accident.
bool holds(Extent extent, std::int64_t block,
           std::span<const FailingValues> cases) {
  Counts all;
  int shown = 0;
  for (const FailingValues& c : cases) {
    const Counts counts = count(extent, block, c);
    if (counts.failing_outside > 0) return false;
    shown += counts.has_outside ? 1 : 0;
    all.failing_inside += counts.failing_inside;
    all.passing_inside += counts.passing_inside;
  }
  return shown >= 3 && 8 * all.passing_inside <= all.failing_inside;
}

}  // namespace

std::string common_tail(std::span<const FailingValues> cases) {
  for (const Extent extent : kExtents) {
    for (std::int64_t block = kLargestBlock; block > 1; block /= 2) {
      if (!holds(extent, block, cases)) continue;
      return fmt::format("the values {} left after blocks of {}",
                         kNames[static_cast<std::size_t>(extent)], block);
    }
  }
  return {};
}

}  // namespace exactbn::formula
