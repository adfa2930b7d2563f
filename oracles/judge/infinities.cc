// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/infinities.h"

#include <cmath>

namespace exactbn {

namespace {

// Inputs that do not enter the output.
bool is_left_out(Input input, Output output) {
  switch (output) {
    case Output::dgamma:
      return input == Input::gamma;
    case Output::grad_gamma:
      return input == Input::gamma || input == Input::ddgamma ||
             input == Input::ddbeta;
    case Output::grad_x:
      return input == Input::ddbeta;
    case Output::grad_dy:
      return input == Input::dy;
    default:
      return false;
  }
}

}  // namespace

void Infinities::Specials::add(double value) {
  nan = nan || std::isnan(value);
  plus = plus || (std::isinf(value) && value > 0);
  minus = minus || (std::isinf(value) && value < 0);
}

Infinities::Specials Infinities::found(Input input, std::int64_t c) const {
  Specials all;
  const Tensor& tensor = problem_.inputs.at(input);
  if (!shaped_like_x(input)) {
    all.add(tensor.value(c));
    return all;
  }
  for (std::int64_t k = 0; k < view_.count(); ++k) {
    all.add(tensor.value(view_.offset(c, k)));
  }
  return all;
}

Infinities::Specials Infinities::of(Input input, std::int64_t c) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [known, is_new] = known_.try_emplace({input, c});
  if (is_new) known->second = found(input, c);
  return known->second;
}

// A NaN that enters a sum makes it NaN in every order.
bool Infinities::is_free_of_nan(Output output, std::int64_t c) const {
  for (const auto& [input, tensor] : problem_.inputs) {
    if (!is_left_out(input, output) && of(input, c).nan) return false;
  }
  return true;
}

// The terms of (1 - a) old + a batch. A term of weight 0 may be skipped, or be
// NaN.
Infinities::Specials Infinities::of_running(Input old, double batch_weight,
                                            Specials batch,
                                            std::int64_t c) const {
  Specials terms;
  const double value = problem_.inputs.at(old).value(c);
  terms.add(batch_weight > 1 ? -value : value);
  terms.nan = terms.nan || batch.nan || (batch.plus && batch.minus);
  const bool turned = batch_weight < 0;
  terms.plus = terms.plus || (turned ? batch.minus : batch.plus);
  terms.minus = terms.minus || (turned ? batch.plus : batch.minus);
  return terms;
}

bool Infinities::may_be(Output output, std::int64_t i, bool negative) const {
  const std::int64_t c = shaped_like_x(output) ? view_.channel(i) : i;
  const double weight = problem_.momentum.value_or(
      1 / (static_cast<double>(problem_.batches_tracked) + 1));
  switch (output) {
    case Output::mean:
      return of(Input::x, c).sum_to(negative);
    case Output::dbeta:
      return of(Input::dy, c).sum_to(negative);
    case Output::running_mean:
      return of_running(Input::running_mean, weight, of(Input::x, c), c)
          .sum_to(negative);
    // Its batch variance is finite, or the value is NaN.
    case Output::running_var:
    case Output::running_var_biased:
      return of_running(Input::running_var, weight, {}, c).sum_to(negative);
    default:
      break;
  }
  const bool frozen = !normalizes_by_batch(problem_.operation);
  if (frozen && shaped_like_x(output)) {
    // gamma (x - mean) or gamma dy, not 0, over sqrt(w) = 0.
    const bool of_y = output == Output::y;
    const Tensor& tensor = of_y ? problem_.x() : problem_.inputs.at(Input::dy);
    const double from = of_y ? problem_.parameter(Input::running_mean, c) : 0;
    const bool below = tensor.value(i) < from;
    return (below != (problem_.parameter(Input::gamma, c) < 0)) == negative;
  }
  return is_free_of_nan(output, c);
}

}  // namespace exactbn
