// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "reference/parallel_for.h"
#include "reference/sums/moments.h"

namespace exactbn {

// Values [begin, end) of `channels` channels from `first` on.
struct Part {
  std::int64_t first;
  std::int64_t channels;
  std::int64_t begin;
  std::int64_t end;
};

// The size of parts: `group` channels, no more than there are, and `length`
// values of each. `worth` values are worth a thread.
struct Cut {
  std::int64_t group;
  std::int64_t length;
  std::int64_t worth;
};

// Calls body for every part, in parallel. A last group that is too small joins
// the one before it.
template <class Body>
void for_each_part(const ChannelView& view, const Channels& channels,
                   const Cut& cut, const Body& body) {
  const std::int64_t m = view.count();
  const std::int64_t groups = channels.count / cut.group;
  const std::int64_t spans = (m + cut.length - 1) / cut.length;
  parallel_for(groups * spans, m * channels.count >= cut.worth,
               [&](std::int64_t i) {
                 const std::int64_t g = i % groups;
                 const std::int64_t first = g * cut.group;
                 const std::int64_t last =
                     g + 1 < groups ? first + cut.group : channels.count;
                 const std::int64_t begin = i / groups * cut.length;
                 body(Part{channels.first + first, last - first, begin,
                           std::min(begin + cut.length, m)});
               });
}

// The totals of channels. sum(part, totals) sets the totals of the channels in
// a part. They are added in the order of the values, so the result does not
// depend on threads.
template <class Total, class Sum>
std::vector<Total> sweep(const ChannelView& view, const Channels& channels,
                         const Cut& cut, const Sum& sum) {
  const std::int64_t spans = (view.count() + cut.length - 1) / cut.length;
  const auto n = static_cast<std::size_t>(channels.count);
  std::vector<Total> totals(static_cast<std::size_t>(spans) * n);
  for_each_part(view, channels, cut, [&](const Part& part) {
    sum(part, &totals[static_cast<std::size_t>(part.begin / cut.length *
                                                   channels.count +
                                               part.first - channels.first)]);
  });
  for (std::size_t i = n; i < totals.size(); ++i) totals[i % n].add(totals[i]);
  totals.resize(n);
  return totals;
}

// Calls body(base, fresh) for groups of columns [base, base + lanes) that cover
// all n >= lanes columns. The last group ends at column n and may overlap the
// one before it: columns from base + fresh on are new.
template <class Body>
void for_each_lanes(std::int64_t n, std::int64_t lanes, const Body& body) {
  for (std::int64_t c = 0; c < n; c += lanes) {
    const std::int64_t base = std::min(c, n - lanes);
    body(base, c - base);
  }
}

}  // namespace exactbn
