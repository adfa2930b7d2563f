// SPDX-License-Identifier: Apache-2.0
#include "properties/survey/sure_edge.h"

#include <cmath>

namespace exactbn {

namespace {

bool is_of_dy(Output output) {
  switch (output) {
    case Output::dbeta:
    case Output::dgamma:
    case Output::dx:
    case Output::grad_gamma:
    case Output::grad_x:
      return true;
    default:
      return false;
  }
}

bool is_of_direction(Output output) {
  switch (output) {
    case Output::grad_dy:
    case Output::grad_gamma:
    case Output::grad_x:
    case Output::y_dot:
      return true;
    default:
      return false;
  }
}

// Whether a non-finite input makes every value of the output in its channel no
// number: then NaN surely passes.
bool is_no_number(Output output, const ChannelEstimate& e, bool by_batch) {
  const bool by_dy = !e.dy_is_finite && is_of_dy(output);
  if (!by_batch) {
    // Only its own input affects an element of y or dx.
    return (output == Output::dbeta && by_dy) ||
           (output == Output::dgamma && (by_dy || !e.x_is_finite));
  }
  return (!e.x_is_finite && output != Output::dbeta) || by_dy ||
         (!e.direction_is_finite && is_of_direction(output));
}

bool parameters_are_finite(const Problem& p, std::int64_t c) {
  for (const Input name :
       {Input::gamma, Input::beta, Input::running_mean, Input::running_var}) {
    const Tensor* const tensor = p.find(name);
    if (tensor && !tensor->finite(c)) return false;
  }
  return true;
}

// With frozen statistics, y = gamma (x - mean) / sqrt(w) + beta and dx = gamma
// dy / sqrt(w). If x or dy is not finite, gamma times it gives the result.
bool is_product(const Problem& p, std::int64_t c, double value,
                std::uint64_t got, DType dtype) {
  if (!parameters_are_finite(p, c)) return false;
  const double product = p.parameter(Input::gamma, c) * value;
  if (std::isnan(product) || !format(dtype).infinities) {
    return is_nan(got, dtype);
  }
  return is_infinite(got, dtype) && is_negative(got, dtype) == (product < 0);
}

}  // namespace

bool surely_passes_as_nonfinite(const Observation& observation,
                                const Declaration& declaration, Output output,
                                std::int64_t c, std::int64_t i,
                                std::uint64_t got, DType dtype) {
  if (is_finite(got, dtype)) return false;
  const Problem& p = observation.problem();
  const ChannelEstimate& e = observation.estimate(c);
  const bool by_batch = normalizes_by_batch(p.operation);
  if (output == Output::running_var && observation.m() == 1 &&
      declaration.running_variance == RunningVariance::unbiased) {
    return declaration.single_value != SingleValue::keep && is_nan(got, dtype);
  }
  if (is_no_number(output, e, by_batch)) return is_nan(got, dtype);
  if (!by_batch && shaped_like_x(output)) {
    const double value =
        (output == Output::y ? p.x() : *p.find(Input::dy)).value(i);
    if (!std::isfinite(value)) return is_product(p, c, value, got, dtype);
  }
  if (!e.root_is_zero || !traits(output).over_root) return false;
  if (!by_batch) return is_nan(got, dtype);
  if (declaration.zero_variance == ZeroVariance::zero) return false;
  return output == Output::invstd ? got == format(dtype).overflow()
                                  : is_nan(got, dtype);
}

}  // namespace exactbn
