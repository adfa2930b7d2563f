// SPDX-License-Identifier: Apache-2.0
// Lower bounds of conditions (oracles/judge/condition.h) from sizes that need
// no exact sums: omitted sizes count as 0.
#include <algorithm>
#include <cmath>

#include "properties/estimate.h"

namespace exactbn {

namespace {

// Covers the error of the estimates and the roundings here.
constexpr Wide kCovered = 0.98L;

}  // namespace

void Estimates::add_values(std::int64_t c, Wide s) const {
  if (values_.empty()) {
    values_.resize(static_cast<std::size_t>(problem_.x().size()));
  }
  const Tensor& x = problem_.x();
  const Number& of_batch = channel(c).mean;
  const Wide mean =
      by_batch_
          ? of_batch.mid()
          : static_cast<Wide>(problem_.find(Input::running_mean)->value(c));
  // Subtract the doubt of the mean, for a lower bound.
  const Wide doubt = by_batch_ ? 2 * of_batch.doubt() : 0;
  view_.each_offset(c, [&](std::int64_t i) {
    const Wide value = x.value(i);
    const Wide deviation = std::fabs(value - mean) - doubt;
    values_[static_cast<std::size_t>(i)] = {std::fabs(value),
                                            deviation > 0 ? deviation * s : 0,
                                            size_at(dy_, i), size_at(u_, i)};
  });
}

void Estimates::add_sums(ChannelSizes& ch, std::int64_t c) const {
  const Wide by_m = 1 / ch.m;
  Wide sum = 0;
  const auto add = [by_m](ChannelSizes::Factor& f, Wide size,
                          const ValueSizes& at) {
    f.size += size * by_m;
    f.x += size * at.x * by_m;
    f.xhat += size * at.xhat * by_m;
  };
  view_.each_offset(c, [&](std::int64_t i) {
    const ValueSizes& at = values_[static_cast<std::size_t>(i)];
    sum += at.x * by_m;
    ch.x2 += at.x * at.x * by_m;
    if (dy_) add(ch.dy, at.dy, at);
    if (u_) add(ch.u, at.u, at);
    if (dy_ && u_) ch.udy += at.dy * at.u * by_m;
  });
  if (by_batch_) ch.a = sum;
}

const ChannelSizes& Estimates::sizes(std::int64_t c) const {
  if (sizes_.empty()) sizes_.resize(static_cast<std::size_t>(view_.channels));
  ChannelSizes& ch = sizes_[static_cast<std::size_t>(c)];
  if (ch.m > 0) return ch;
  const ChannelEstimate& e = channel(c);
  ch = parameter_sizes(problem_, view_, RunningVariance::biased, c);
  ch.w = e.w;
  ch.s = root(c).invstd.mid();
  if (by_batch_) {
    ch.mean = std::max<Wide>(std::fabs(e.mean.mid()) - 2 * e.mean.doubt(), 0);
    ch.v = std::max<Wide>(e.var.mid() - 2 * e.var.doubt(), 0);
    // mean |(x - mean) x| >= mean (x - mean) x = v.
    ch.cov = ch.v;
    ch.k = ch.v * ch.s * ch.s;
  } else {
    ch.a = ch.running_mean;
    ch.v = ch.running_var;
    ch.k = ch.v * ch.s * ch.s / 2;
  }
  add_values(c, ch.s);
  if (problem_.operation != Operation::forward_inference) add_sums(ch, c);
  return ch;
}

PooledVector<Wide> Estimates::least_tolerances(Output output,
                                               double eta) const {
  const bool like_x = shaped_like_x(output);
  const Wide theta =
      kCovered * eta * static_cast<Wide>(format(working_).unit_roundoff());
  PooledVector<Wide> all(
      static_cast<std::size_t>(like_x ? problem_.x().size() : view_.channels));
  for (std::int64_t c = 0; c < view_.channels; ++c) {
    const ChannelEstimate& e = channel(c);
    if (!e.is_number || !e.root_is_known) continue;
    if (!like_x) {
      const Condition condition = cond::of_channel(output, sizes(c));
      all[static_cast<std::size_t>(c)] =
          theta * condition.linear + theta * theta * condition.quadratic;
      continue;
    }
    const Magnitudes f = cond::of_values(output, sizes(c)).linear;
    view_.each_offset(c, [&](std::int64_t i) {
      const ValueSizes& at = values_[static_cast<std::size_t>(i)];
      all[static_cast<std::size_t>(i)] =
          theta *
          (f.one + f.x * at.x + f.xhat * at.xhat + f.dy * at.dy + f.u * at.u);
    });
  }
  return all;
}

}  // namespace exactbn
