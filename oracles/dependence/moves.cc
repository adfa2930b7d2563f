// SPDX-License-Identifier: Apache-2.0
#include "oracles/dependence/moves.h"

#include <cmath>

#include "reference/ulp.h"

namespace exactbn {

Answered::Value Answered::value(Output output, std::int64_t i) const {
  const Tensor& tensor = outputs_.at(output);
  const std::uint64_t want =
      judge_(output, i, tensor.bits(i), tensor.dtype()).want;
  if (!is_finite(want, tensor.dtype())) return {};
  const std::int64_t channel =
      shaped_like_x(output) ? problem_.view().channel(i) : i;
  if (judge_.bound_is_void(output, channel)) return {};
  const double exact = to_double(want, tensor.dtype());
  const double limit = judge_.limit(output, Grade::sequential);
  const Wide slack = limit * judge_.tolerance_unit(output, i, limit) +
                     ulp_of(exact, tensor.dtype());
  return {true, exact, static_cast<double>(slack)};
}

const Tensor* Answered::alike(const Answered& there, Output output) const {
  const Tensor& here = outputs_.at(output);
  const auto found = there.outputs_.find(output);
  if (found == there.outputs_.end()) return nullptr;
  const Tensor& tensor = found->second;
  const bool same =
      tensor.dtype() == here.dtype() && tensor.shape() == here.shape();
  return same ? &tensor : nullptr;
}

Moves Answered::moves(const Answered& there, Output output,
                      std::int64_t i) const {
  const Tensor& before = outputs_.at(output);
  const Tensor* const after = alike(there, output);
  if (!after || (!before.finite(i) && !after->finite(i))) return {};
  const Value from = value(output, i);
  const Value to = there.value(output, i);
  if (!from.known || !to.known) return {};
  const double slack = 4 * (from.slack + to.slack);
  if (std::abs(to.value - from.value) > slack) {
    return {1, before.bits(i) != after->bits(i) ? 1 : 0, 0};
  }
  const bool strays = to.value == from.value &&
                      std::abs(after->value(i) - before.value(i)) > slack;
  return {0, 0, strays ? 1 : 0};
}

std::optional<double> Answered::gain(const Answered& there, Output output,
                                     std::int64_t i) const {
  const Tensor* const after = alike(there, output);
  if (!after) return {};
  const Value from = value(output, i);
  const Value to = there.value(output, i);
  if (!from.known || !to.known) return {};
  const double due = to.value - from.value;
  if (std::abs(due) <= 1000 * (from.slack + to.slack)) return {};
  const double seen = after->value(i) - outputs_.at(output).value(i);
  if (!std::isfinite(seen)) return {};
  return seen / due;
}

}  // namespace exactbn
