// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/conditions.h"

#include <algorithm>
#include <cmath>

#include "reference/exact.h"
#include "reference/parallel_for.h"

namespace exactbn {

namespace {

Wide value_of(const Magnitudes& by, const Magnitudes& here) {
  // With frozen statistics x may be infinite and have the coefficient 0.
  const auto product = [](Wide a, Wide b) { return a == 0 ? 0 : a * b; };
  return by.one + product(by.x, here.x) + product(by.xhat, here.xhat) +
         product(by.dy, here.dy) + product(by.u, here.u);
}

}  // namespace

Channels group_of(std::int64_t channel, std::int64_t channels) {
  constexpr std::int64_t size = 16;
  const std::int64_t last = std::max(channels / size - 1, std::int64_t{0});
  const std::int64_t group = std::min(channel / size, last);
  return {group * size, group < last ? size : channels - group * size};
}

Conditions::Conditions(const Problem& problem, RunningVariance divisor,
                       Statistics statistics)
    : problem_(problem),
      x_(problem.x()),
      dy_(problem.find(Input::dy)),
      u_(problem.direction()),
      view_(problem.view()),
      divisor_(divisor),
      statistics_(std::move(statistics)),
      sizes_(static_cast<std::size_t>(view_.channels)),
      full_sizes_(sizes_.size()),
      known_(view_.channels),
      summed_(view_.channels) {}

void Conditions::add(const Channels& channels) const {
  known_(channels, [this](const Channels& run) {
    for (std::int64_t c = run.first; c < run.first + run.count; ++c) {
      sizes_[static_cast<std::size_t>(c)] = sizes_of(c);
    }
  });
}

ChannelSizes Conditions::sizes_of(std::int64_t c) const {
  ChannelSizes ch = parameter_sizes(problem_, view_, divisor_, c);
  statistics_(c, ch);
  if (ch.frozen) {
    ch.a = std::fabs(ch.mean);
    ch.k = ch.v / (2 * ch.w);
  } else if (ch.w > 0) {
    ch.kappa = std::sqrt(ch.x2 / ch.w);
  }
  return ch;
}

const ChannelSizes& Conditions::full_sizes(std::int64_t c) const {
  if (!summed_.done(c)) {
    summed_(known_neighbours(c),
            [this](const Channels& run) { add_magnitudes(run); });
  }
  return full_sizes_[static_cast<std::size_t>(c)];
}

// The neighbours of c whose statistics are known already.
Channels Conditions::known_neighbours(std::int64_t c) const {
  (void)known_sizes(c);
  if (view_.inner > 1) return {c, 1};
  const Channels group = group_of(c, view_.channels);
  std::int64_t first = c;
  std::int64_t end = c + 1;
  while (first > group.first && known_.done(first - 1)) --first;
  while (end < group.first + group.count && known_.done(end)) ++end;
  return {first, end - first};
}

Magnitudes Conditions::magnitudes(const ChannelSizes& ch,
                                  std::int64_t i) const {
  return {1, size_at(&x_, i), xhat(ch, i), size_at(dy_, i), size_at(u_, i)};
}

Wide Conditions::xhat(const ChannelSizes& ch, std::int64_t i) const {
  return std::fabs(x_.value(i) - ch.mean) * ch.s;
}

void Conditions::add_magnitudes(const Channels& channels) const {
  std::copy_n(sizes_.begin() + channels.first, channels.count,
              full_sizes_.begin() + channels.first);
  // With frozen statistics y sums nothing.
  if (problem_.operation == Operation::forward_inference) return;
  std::vector<DoubleDouble> means;
  for (std::int64_t i = 0; i < channels.count; ++i) {
    const Wide mean = known_sizes(channels.first + i).mean;
    const auto high = static_cast<double>(mean);
    means.push_back({high, static_cast<double>(mean - high)});
  }
  const auto sums = magnitude_sums(x_, dy_, u_, view_, channels, means);
  const bool parallel = channels.count * view_.count() > kParallel;
  parallel_for(channels.count, parallel, [&](std::int64_t i) {
    const std::int64_t c = channels.first + i;
    const MagnitudeSums& s = sums[static_cast<std::size_t>(i)];
    ChannelSizes& ch = full_sizes_[static_cast<std::size_t>(c)];
    // A batch mean lies in the range of x; a frozen mean need not.
    if (s.in_range() && (!ch.frozen || MagnitudeSums::fits(ch.mean))) {
      const auto set = [&ch](ChannelSizes::Factor& to,
                             const MagnitudeSums::Factor& f) {
        to.size = f.size / ch.m;
        to.x = f.x / ch.m;
        to.xhat = ch.s * f.centred / ch.m;
        to.square = f.square / ch.m;
      };
      ch.a = s.x / ch.m;
      ch.cov = s.centred / ch.m;
      set(ch.dy, s.dy);
      set(ch.u, s.u);
      ch.udy = s.u_dy / ch.m;
    } else {
      add_wide_magnitudes(ch, c);
    }
    if (ch.frozen) {
      ch.a = std::fabs(ch.mean);
    } else if (ch.w > 0) {
      ch.k = ch.cov / ch.w;
    }
  });
}

// In long double, one value at a time.
void Conditions::add_wide_magnitudes(ChannelSizes& ch, std::int64_t c) const {
  ch.a = 0;
  ch.dy.size = 0;
  ch.dy.square = 0;
  const auto add = [&](ChannelSizes::Factor& f, Wide size, std::int64_t i) {
    f.size += size / ch.m;
    f.x += size * size_at(&x_, i) / ch.m;
    f.xhat += size * xhat(ch, i) / ch.m;
    f.square += size * size / ch.m;
  };
  for (std::int64_t k = 0; k < view_.count(); ++k) {
    const std::int64_t i = view_.offset(c, k);
    const Wide x = size_at(&x_, i);
    ch.a += x / ch.m;
    ch.cov += std::fabs(x_.value(i) - ch.mean) * x / ch.m;
    const Wide dyi = size_at(dy_, i);
    const Wide ui = size_at(u_, i);
    if (dy_) add(ch.dy, dyi, i);
    if (u_) add(ch.u, ui, i);
    ch.udy += ui * dyi / ch.m;
  }
}

// bounds.md, "Sizes that need no pass".
ChannelSizes Conditions::least(std::int64_t c) const {
  ChannelSizes ch = known_sizes(c);
  const auto set_least = [&ch](ChannelSizes::Factor& f) {
    f.size = std::max(f.size, f.d);
    f.x = std::fabs(f.t / ch.s - std::fabs(ch.mean) * f.d);
    f.xhat = f.t;
  };
  ch.a = std::max(ch.a, std::fabs(ch.mean));
  ch.cov = ch.v;
  set_least(ch.dy);
  set_least(ch.u);
  ch.k = ch.cov / ch.w;
  return ch;
}

ChannelSizes Conditions::greatest(std::int64_t c) const {
  ChannelSizes ch = known_sizes(c);
  ch.a = std::sqrt(ch.x2);
  ch.cov = std::sqrt(ch.v * ch.x2);
  ch.dy.size = std::sqrt(ch.dy.square);
  ch.dy.x = ch.dy.size * ch.a;
  ch.dy.xhat = ch.dy.size;
  ch.k = ch.cov / ch.w;
  return ch;
}

ConditionForm Conditions::form(Output output, std::int64_t channel,
                               Sizes sizes) const {
  const ChannelSizes& ch = known_sizes(channel);
  if (sizes == Sizes::exact || ch.frozen || ch.w <= 0) {
    return cond::of_values(output, full_sizes(channel));
  }
  return cond::of_values(
      output, sizes == Sizes::least ? least(channel) : greatest(channel));
}

Wide Conditions::at(const Magnitudes& by, std::int64_t i) const {
  return value_of(by, magnitudes(full_sizes(view_.channel(i)), i));
}

Condition Conditions::at(Output output, std::int64_t i) const {
  if (!shaped_like_x(output)) return cond::of_channel(output, full_sizes(i));
  const std::int64_t c = view_.channel(i);
  const Magnitudes here = magnitudes(full_sizes(c), i);
  const ConditionForm f = form(output, c);
  return {value_of(f.linear, here), value_of(f.quadratic, here),
          value_of(f.underflow, here)};
}

}  // namespace exactbn
