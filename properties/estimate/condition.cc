// SPDX-License-Identifier: Apache-2.0
// The part of a condition (oracles/condition.h) that takes no exact sums: terms
// that are left out, and cancel, are 0 at least.
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

Wide Estimates::size_of(Input parameter, std::int64_t c) const {
  return std::fabs(Wide{problem_.parameter(parameter, c)});
}

void Estimates::add_sizes(std::int64_t c, Wide s) const {
  if (sizes_.empty()) {
    sizes_.resize(static_cast<std::size_t>(problem_.x().size()));
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
    sizes_[static_cast<std::size_t>(i)] = {std::fabs(value),
                                           apart > 0 ? apart * s : 0,
                                           size_at(dy_, i), size_at(u_, i)};
  });
}

void Estimates::add_sums(Magnitudes& of, std::int64_t c) const {
  const Wide by_m = 1 / static_cast<Wide>(view_.count());
  Wide sum = 0;
  const auto add = [by_m](Factor& f, Wide size, const Sizes& at) {
    f.size += size * by_m;
    f.x += size * at.x * by_m;
    f.xhat += size * at.xhat * by_m;
  };
  view_.each_offset(c, [&](std::int64_t i) {
    const Sizes& at = sizes_[static_cast<std::size_t>(i)];
    sum += at.x * by_m;
    of.x2 += at.x * at.x * by_m;
    if (dy_) add(of.dy, at.dy, at);
    if (u_) add(of.u, at.u, at);
    if (dy_ && u_) of.udy += at.dy * at.u * by_m;
  });
  if (by_batch_) of.a = sum;
}

const Estimates::Magnitudes& Estimates::magnitudes(std::int64_t c) const {
  if (magnitudes_.empty()) {
    magnitudes_.resize(static_cast<std::size_t>(view_.channels));
  }
  Magnitudes& of = magnitudes_[static_cast<std::size_t>(c)];
  if (of.known) return of;
  of.known = true;
  const ChannelEstimate& e = channel(c);
  of.s = root(c).invstd.mid();
  of.gamma = size_of(Input::gamma, c);
  of.beta = size_of(Input::beta, c);
  if (const auto& direction = traits(problem_.operation).direction) {
    of.along_gamma = size_of(direction->gamma, c);
    of.along_beta = size_of(direction->beta, c);
  }
  if (by_batch_) {
    of.mean = std::max<Wide>(std::fabs(e.mean.mid()) - 2 * e.mean.doubt(), 0);
    of.v = std::max<Wide>(e.var.mid() - 2 * e.var.doubt(), 0);
    // mean |(x - mean) x| is at least the mean of (x - mean) x, which is v.
    of.k = of.v * of.s * of.s;
  } else {
    of.a = size_of(Input::running_mean, c);
    of.v = size_of(Input::running_var, c);
    of.k = of.v * of.s * of.s / 2;
  }
  add_sizes(c, of.s);
  if (problem_.operation != Operation::forward_inference) add_sums(of, c);
  return of;
}

Wide Estimates::of_channel(Output output, std::int64_t c) const {
  const Magnitudes& of = magnitudes(c);
  const auto m = static_cast<Wide>(view_.count());
  switch (output) {
    case Output::dbeta:
      return m * of.dy.size;
    case Output::dgamma:
      return m * (of.s * of.dy.x + of.dy.xhat);
    case Output::grad_gamma:
      return m * of.s * 2 * of.udy;
    case Output::mean:
      return of.a;
    case Output::var:
      return 3 * of.v;
    case Output::invstd:
      return of.s * (1 + of.k);
    default:
      break;
  }
  const Wide old = size_of(*traits(output).updates, c);
  const Wide weight = weight_of_new();
  const Wide from_old = (std::fabs(1 - weight) + std::fabs(weight)) * old;
  const Wide batch = output == Output::running_mean ? of.a + of.mean : 4 * of.v;
  return from_old + std::fabs(weight) * batch;
}

Wide Estimates::weight_of_new() const {
  return problem_.momentum
             ? static_cast<Wide>(*problem_.momentum)
             : 1 / (static_cast<Wide>(problem_.batches_tracked) + 1);
}

// Of a variance: equal values have no other tolerance.
Wide Estimates::quadratic(Output output, std::int64_t c) const {
  switch (output) {
    case Output::var:
      return magnitudes(c).x2;
    case Output::running_var:
      return std::fabs(weight_of_new()) * magnitudes(c).x2;
    default:
      return 0;
  }
}

Estimates::Form Estimates::form(Output output, std::int64_t c) const {
  const Magnitudes& of = magnitudes(c);
  Form f;
  const auto add_affine = [&](Wide gamma, Wide beta) {
    f.one += gamma * of.s * of.a + beta;
    f.x += gamma * of.s;
    f.xhat += gamma * (1 + of.k);
  };
  const auto of_t = [&](const Factor& factor) {
    return of.s * factor.x + factor.xhat;
  };
  const auto add_projected = [&](const Factor& factor, Wide& size, Wide gamma) {
    const Wide scale = gamma * of.s;
    f.one += scale * factor.size;
    f.xhat += scale * of_t(factor);
    size += scale * (2 + of.k);
  };
  switch (output) {
    case Output::y:
      add_affine(of.gamma, of.beta);
      break;
    case Output::dx:
      if (by_batch_) {
        add_projected(of.dy, f.dy, of.gamma);
      } else {
        f.dy = of.gamma * of.s * (2 + of.k);
      }
      break;
    case Output::grad_x: {
      const Wide scale = of.gamma * of.s * of.s;
      f = {0, 0, 2 * scale * of.udy, scale * of_t(of.u), scale * of_t(of.dy)};
      add_projected(of.dy, f.dy, of.along_gamma);
      break;
    }
    default:  // y_dot and grad_dy
      add_affine(of.along_gamma, of.along_beta);
      add_projected(of.u, f.u, of.gamma);
  }
  return f;
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
      all[static_cast<std::size_t>(c)] =
          theta * of_channel(output, c) + theta * theta * quadratic(output, c);
      continue;
    }
    const Form f = form(output, c);
    view_.each_offset(c, [&](std::int64_t i) {
      const Sizes& at = sizes_[static_cast<std::size_t>(i)];
      all[static_cast<std::size_t>(i)] =
          theta *
          (f.one + f.x * at.x + f.xhat * at.xhat + f.dy * at.dy + f.u * at.u);
    });
  }
  return all;
}

}  // namespace exactbn
