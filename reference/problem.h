// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "reference/operation.h"
#include "reference/tensor/tensors.h"

namespace exactbn {

// One problem for an implementation of batch normalization.
struct Problem {
  Operation operation = Operation::forward_training;
  int channel_axis = 1;
  double epsilon = 0;
  // The weight of the new batch statistic; empty for the cumulative average,
  // with weight 1 / (batches_tracked + 1).
  std::optional<double> momentum;
  std::int64_t batches_tracked = 0;
  InputTensors inputs;

  const Tensor& x() const { return inputs.at(Input::x); }
  // Null if absent.
  const Tensor* find(Input input) const {
    const auto found = inputs.find(input);
    return found == inputs.end() ? nullptr : &found->second;
  }
  // x_dot or ddx, the direction of x in a second-order operation; null if
  // absent.
  const Tensor* direction() const {
    const auto& along = traits(operation).direction;
    return along ? find(along->x) : nullptr;
  }
  // The value for channel c of an input with one value per channel, or its
  // default if absent.
  double parameter(Input input, std::int64_t c) const {
    const Tensor* const tensor = find(input);
    return tensor ? tensor->value(c) : traits(input).absent;
  }
  ChannelView view() const { return {x().shape(), channel_axis}; }

  bool operator==(const Problem&) const = default;
};

// Batch normalization is undefined for the problem. `field` is the offending
// field of the wire format.
class InvalidProblem : public std::runtime_error {
 public:
  InvalidProblem(std::string field, const std::string& what)
      : std::runtime_error(field + ": " + what), field_(std::move(field)) {}
  const std::string& field() const { return field_; }

 private:
  std::string field_;
};

// Throws InvalidProblem unless: x has rank 2 to 5 and the channel axis; the
// inputs are those of the operation, in the right shapes; epsilon is finite and
// >= 0; momentum is finite; batches_tracked >= 0; no running variance is
// negative.
void require_valid(const Problem& problem);

// The outputs of the problem, in the order of their computation: mean before
// var before y. A running statistic is among them if it is an input.
OutputNames output_names(const Problem& problem);

// The shape of an output or an input: the shape of x, or [channels].
template <class Name>
Shape shape_of(const Problem& problem, Name name) {
  const Shape& of_x = problem.x().shape();
  if (shaped_like_x(name)) return of_x;
  return {of_x[static_cast<std::size_t>(problem.channel_axis)]};
}

}  // namespace exactbn
