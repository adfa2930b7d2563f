// SPDX-License-Identifier: Apache-2.0
// The second-order operations of ExactBatchNorm.
#include <cmath>

#include "reference/exact.h"

namespace exactbn {

namespace {

using Kind = Exact::Kind;

}  // namespace

const Tensor* ExactBatchNorm::direction() const {
  const auto& inputs = traits(problem_.operation).direction;
  return inputs ? problem_.find(inputs->x) : nullptr;
}

void ExactBatchNorm::add_direction(State& state, std::int64_t c) const {
  const auto& inputs = traits(problem_.operation).direction;
  if (!inputs) return;
  const double gamma = problem_.parameter(inputs->gamma, c);
  const double beta = problem_.parameter(inputs->beta, c);
  state.along_gamma_finite = std::isfinite(gamma);
  state.along_beta_finite = std::isfinite(beta);
  if (state.along_gamma_finite) state.along.gamma = dyadic(gamma);
  if (state.along_beta_finite) state.along.beta = dyadic(beta);
}

Exact ExactBatchNorm::y_dot(std::int64_t i, std::int64_t c) const {
  const State& s = state(c);
  if (!s.statistics_finite) return {Kind::nan, {}};
  if (!s.parameters_finite || !s.along.sums.finite || !s.along_gamma_finite ||
      !s.along_beta_finite) {
    return {Kind::nonfinite, {}};
  }
  if (s.exact.root.sign() == 0) return {Kind::division_by_zero, {}};
  const Tensor& u = *direction();
  return {Kind::number,
          exactbn::y_dot(s.exact, s.along, problem_.x().exact(i), u.exact(i))};
}

Exact ExactBatchNorm::grad_x(std::int64_t i, std::int64_t c) const {
  const State& s = state(c);
  if (!s.statistics_finite) return {Kind::nan, {}};
  if (!s.parameters_finite || !s.exact.sums.dy_finite || !s.along.sums.finite ||
      !s.along_gamma_finite) {
    return {Kind::nonfinite, {}};
  }
  if (s.exact.root.sign() == 0) return {Kind::division_by_zero, {}};
  const Tensor& dy = problem_.inputs.at(Input::dy);
  const Tensor& u = *direction();
  return {Kind::number, exactbn::grad_x(s.exact, s.along, problem_.x().exact(i),
                                        dy.exact(i), u.exact(i))};
}

Exact ExactBatchNorm::grad_gamma(std::int64_t c) const {
  const State& s = state(c);
  if (!s.statistics_finite) return {Kind::nan, {}};
  if (!s.exact.sums.dy_finite || !s.along.sums.finite) {
    return {Kind::nonfinite, {}};
  }
  if (s.exact.root.sign() == 0) return {Kind::division_by_zero, {}};
  return {Kind::number, exactbn::grad_gamma(s.exact, s.along)};
}

}  // namespace exactbn
