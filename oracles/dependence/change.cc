// SPDX-License-Identifier: Apache-2.0
#include "oracles/dependence/change.h"

#include <algorithm>
#include <cmath>

namespace exactbn {

namespace {

// How far to move a value of this tensor.
double step(const Problem& problem, const Tensor& tensor) {
  double least = INFINITY;
  double most = -INFINITY;
  double size = 0;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const double v = tensor.value(i);
    if (!std::isfinite(v)) continue;
    least = std::min(least, v);
    most = std::max(most, v);
    size = std::max(size, std::abs(v));
  }
  if (size == 0) return 1;
  const double spread = most > least ? most - least : size;
  const bool summed = tensor.size() == problem.x().size();
  const auto m = static_cast<double>(problem.view().count());
  return std::max(spread, size / 8) * (summed ? std::max(2.0, m / 4) : 2);
}

}  // namespace

Problem changed(const Problem& problem, Input input,
                std::span<const std::int64_t> values, Way way) {
  Problem other = problem;
  Tensor& tensor = other.inputs.at(input);
  const double least = step(problem, tensor);
  // Squares and sums must stay in range, too.
  const double most = std::ldexp(1, format(tensor.dtype()).emax / 2);
  for (const std::int64_t i : values) {
    const double v = tensor.value(i);
    // A shift of all values by one number would not change their variance.
    const auto mixed = static_cast<std::uint32_t>(i) * 2654435761U;
    const double far = least * (1 + std::ldexp(mixed, -32));
    double to = way == Way::up ? v + far : v - 0.75 * far;
    if (input == Input::running_var) to = way == Way::up ? v + far : v / 4;
    if (!(std::abs(to) <= std::max(most, std::abs(v)))) to = -v / 2;
    tensor.set_bits(i, make_tensor(tensor.dtype(), {1}, {&to, 1}).bits(0));
  }
  return other;
}

std::optional<Problem> changed(const Problem& problem, Parameter parameter,
                               Way way) {
  const bool updates =
      problem.operation == Operation::forward_training &&
      (problem.find(Input::running_mean) || problem.find(Input::running_var));
  Problem other = problem;
  const bool up = way == Way::up;
  switch (parameter) {
    case Parameter::epsilon:
      other.epsilon = up ? 16 * problem.epsilon + 1 : problem.epsilon / 16;
      return other;
    case Parameter::momentum:
      if (!updates || !problem.momentum) return std::nullopt;
      other.momentum =
          *problem.momentum > 0.5 ? (up ? 0.375 : 0.25) : (up ? 0.75 : 0.625);
      return other;
    case Parameter::batches_tracked:
      if (!updates || problem.momentum) return std::nullopt;
      other.batches_tracked = 2 * problem.batches_tracked + (up ? 3 : 1);
      return other;
  }
  return std::nullopt;
}

}  // namespace exactbn
