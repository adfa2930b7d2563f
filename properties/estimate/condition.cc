// SPDX-License-Identifier: Apache-2.0
// Conditions (oracles/judge/condition.h) of sizes that take no exact sums:
// those that are left out are 0 at least.
#include <algorithm>
#include <cmath>

#include "properties/estimate.h"

namespace exactbn {

namespace {

// What estimates are off by, and what rounds here, is less than is cut off.
constexpr Wide kLess = 0.98L;

Wide size_at(const Tensor* tensor, std::int64_t i) {
  return tensor ? std::fabs(static_cast<Wide>(tensor->value(i))) : 0;
}

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
  // Less what the mean is in doubt.
  const Wide doubt = by_batch_ ? 2 * of_batch.doubt() : 0;
  view_.each_offset(c, [&](std::int64_t i) {
    const Wide value = x.value(i);
    const Wide apart = std::fabs(value - mean) - doubt;
    values_[static_cast<std::size_t>(i)] = {std::fabs(value),
                                            apart > 0 ? apart * s : 0,
                                            size_at(dy_, i), size_at(u_, i)};
  });
}

void Estimates::add_sums(ChannelSizes& of, std::int64_t c) const {
  const Wide by_m = 1 / of.m;
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
    of.x2 += at.x * at.x * by_m;
    if (dy_) add(of.dy, at.dy, at);
    if (u_) add(of.u, at.u, at);
    if (dy_ && u_) of.udy += at.dy * at.u * by_m;
  });
  if (by_batch_) of.a = sum;
}

const ChannelSizes& Estimates::sizes(std::int64_t c) const {
  if (sizes_.empty()) sizes_.resize(static_cast<std::size_t>(view_.channels));
  ChannelSizes& of = sizes_[static_cast<std::size_t>(c)];
  if (of.m > 0) return of;
  const ChannelEstimate& e = channel(c);
  of = parameter_sizes(problem_, view_, RunningVariance::biased, c);
  of.w = e.w;
  of.s = root(c).invstd.mid();
  if (by_batch_) {
    of.mean = std::max<Wide>(std::fabs(e.mean.mid()) - 2 * e.mean.doubt(), 0);
    of.v = std::max<Wide>(e.var.mid() - 2 * e.var.doubt(), 0);
    // mean |(x - mean) x| is at least the mean of (x - mean) x, which is v.
    of.cov = of.v;
    of.k = of.v * of.s * of.s;
  } else {
    of.a = of.running_mean;
    of.v = of.running_var;
    of.k = of.v * of.s * of.s / 2;
  }
  add_values(c, of.s);
  if (problem_.operation != Operation::forward_inference) add_sums(of, c);
  return of;
}

PooledVector<Wide> Estimates::least_tolerances(Output output,
                                               double eta) const {
  const bool like_x = shaped_like_x(output);
  const Wide theta =
      kLess * eta * static_cast<Wide>(format(working_).unit_roundoff());
  PooledVector<Wide> all(
      static_cast<std::size_t>(like_x ? problem_.x().size() : view_.channels));
  for (std::int64_t c = 0; c < view_.channels; ++c) {
    const ChannelEstimate& e = channel(c);
    if (!e.is_number || !e.root_is_known) continue;
    if (!like_x) {
      const Condition of = cond::of_channel(output, sizes(c));
      all[static_cast<std::size_t>(c)] =
          theta * of.linear + theta * theta * of.quadratic;
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
