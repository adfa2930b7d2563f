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

Wide size_of(const Tensor* tensor, std::int64_t i) {
  return tensor ? std::fabs(static_cast<Wide>(tensor->value(i))) : 0;
}

}  // namespace

Wide Estimates::parameter(std::string_view name, std::int64_t c,
                          Wide absent) const {
  const Tensor* tensor = problem_.find(name);
  return tensor ? size_of(tensor, c) : absent;
}

Estimates::Sizes Estimates::sizes(std::int64_t c, std::int64_t i) const {
  const Magnitudes& of = magnitudes_[static_cast<std::size_t>(c)];
  const Wide x = static_cast<Wide>(problem_.x().value(i));
  const Number& mean = channel(c).mean;
  // Less what the mean is in doubt.
  const Wide apart =
      by_batch_ ? std::fabs(x - mean.mid()) - 2 * mean.doubt()
                : std::fabs(x - static_cast<Wide>(
                                    problem_.find("running_mean")->value(c)));
  return {std::fabs(x), std::max<Wide>(apart, 0) * of.s, size_of(dy_, i),
          size_of(u_, i)};
}

void Estimates::add_sums(Magnitudes& of, std::int64_t c) const {
  const auto m = static_cast<Wide>(view_.count());
  Wide sum = 0;
  const auto add = [m](Factor& f, Wide size, const Sizes& at) {
    f.size += size / m;
    f.x += size * at.x / m;
    f.xhat += size * at.xhat / m;
  };
  for (std::int64_t k = 0; k < view_.count(); ++k) {
    const Sizes at = sizes(c, view_.offset(c, k));
    sum += at.x / m;
    if (dy_) add(of.dy, at.dy, at);
    if (u_) add(of.u, at.u, at);
    of.udy += at.dy * at.u / m;
  }
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
  of.s = e.invstd.mid();
  of.gamma = parameter("gamma", c, 1);
  of.beta = parameter("beta", c, 0);
  const bool jvp = problem_.operation == Operation::jvp_training;
  of.along_gamma = parameter(jvp ? "gamma_dot" : "ddgamma", c, 0);
  of.along_beta = parameter(jvp ? "beta_dot" : "ddbeta", c, 0);
  if (by_batch_) {
    of.mean = std::max<Wide>(std::fabs(e.mean.mid()) - 2 * e.mean.doubt(), 0);
    of.v = std::max<Wide>(e.var.mid() - 2 * e.var.doubt(), 0);
    // mean |(x - mean) x| is at least the mean of (x - mean) x, which is v.
    of.k = of.v * of.s * of.s;
  } else {
    of.a = parameter("running_mean", c, 0);
    of.v = parameter("running_var", c, 0);
    of.k = of.v * of.s * of.s / 2;
  }
  if (problem_.operation != Operation::forward_inference) add_sums(of, c);
  return of;
}

Wide Estimates::of_channel(std::string_view output, std::int64_t c) const {
  const Magnitudes& of = magnitudes(c);
  const auto m = static_cast<Wide>(view_.count());
  if (output == "mean") return of.a;
  if (output == "var") return 3 * of.v;
  if (output == "invstd") return of.s * (1 + of.k);
  if (output == "dbeta") return m * of.dy.size;
  if (output == "dgamma") return m * (of.s * of.dy.x + of.dy.xhat);
  if (output == "grad_gamma") return m * of.s * 2 * of.udy;
  const Wide old = parameter(output, c, 0);
  const Wide weight =
      problem_.momentum ? static_cast<Wide>(*problem_.momentum)
                        : 1 / (static_cast<Wide>(problem_.batches_tracked) + 1);
  const Wide from_old = (std::fabs(1 - weight) + std::fabs(weight)) * old;
  return from_old + std::fabs(weight) *
                        (output == "running_mean" ? of.a + of.mean : 4 * of.v);
}

Wide Estimates::least_condition(std::string_view output, std::int64_t i) const {
  const Wide u = kLess * static_cast<Wide>(format(working_).unit_roundoff());
  if (!shaped_like_x(output)) return u * of_channel(output, i);
  const std::int64_t c = view_.channel(i);
  const Magnitudes& of = magnitudes(c);
  const Sizes at = sizes(c, i);
  const auto affine = [&](Wide gamma, Wide beta) {
    return gamma * (of.s * (at.x + of.a) + (1 + of.k) * at.xhat) + beta;
  };
  const auto projected = [&](const Factor& f, Wide size, Wide gamma) {
    return gamma * of.s *
           ((2 + of.k) * size + f.size + (of.s * f.x + f.xhat) * at.xhat);
  };
  if (output == "y") return u * affine(of.gamma, of.beta);
  if (output == "dx" && !by_batch_) {
    return u * of.gamma * of.s * (2 + of.k) * at.dy;
  }
  if (output == "dx") return u * projected(of.dy, at.dy, of.gamma);
  if (output == "grad_x") {
    const auto of_t = [&](const Factor& f) { return of.s * f.x + f.xhat; };
    return u * (of.gamma * of.s * of.s *
                    (2 * of.udy * at.xhat + of_t(of.u) * at.dy +
                     of_t(of.dy) * at.u) +
                projected(of.dy, at.dy, of.along_gamma));
  }
  return u * (affine(of.along_gamma, of.along_beta) +
              projected(of.u, at.u, of.gamma));
}

}  // namespace exactbn
