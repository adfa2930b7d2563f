// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reference/tensor/tensors.h"

namespace exactbn {

enum class Operation : std::uint8_t {
  forward_training,
  forward_inference,
  backward_training,
  backward_inference,
  jvp_training,
  double_backward_training,
};

inline constexpr std::array kOperations = {
    Operation::forward_training,  Operation::forward_inference,
    Operation::backward_training, Operation::backward_inference,
    Operation::jvp_training,      Operation::double_backward_training};

// Whether mean and variance are those of the batch; frozen ones otherwise.
constexpr bool normalizes_by_batch(Operation operation) {
  return operation != Operation::forward_inference &&
         operation != Operation::backward_inference;
}

std::string_view to_string(Operation operation);
std::optional<Operation> parse_operation(std::string_view name);

// One question to an implementation of batch normalization.
struct Problem {
  Operation operation = Operation::forward_training;
  int channel_axis = 1;
  double epsilon = 0;
  // The weight of the new batch statistic; nothing is the cumulative average,
  // whose weight is 1 / (batches_tracked + 1).
  std::optional<double> momentum;
  std::int64_t batches_tracked = 0;
  Tensors inputs;

  // Throws std::out_of_range where there is none.
  const Tensor& x() const { return inputs.at("x"); }
  // Null where there is none.
  const Tensor* find(std::string_view name) const {
    const auto found = inputs.find(name);
    return found == inputs.end() ? nullptr : &found->second;
  }
  ChannelView view() const { return {x().shape(), channel_axis}; }

  bool operator==(const Problem&) const = default;
};

// A problem that batch normalization has no answer to. `field` is the field of
// the wire format to blame.
class InvalidProblem : public std::runtime_error {
 public:
  InvalidProblem(std::string field, const std::string& what)
      : std::runtime_error(field + ": " + what), field_(std::move(field)) {}
  const std::string& field() const { return field_; }

 private:
  std::string field_;
};

// Throws InvalidProblem unless: x has rank 2 to 5 and the channel axis; the
// inputs are those of the operation and have the shape that they must have;
// epsilon is finite and >= 0; momentum is finite; batches_tracked >= 0; no
// running variance is negative.
void require_valid(const Problem& problem);

// The inputs that an operation takes: those it needs, then those it may have.
struct InputNames {
  std::vector<std::string_view> required;
  std::vector<std::string_view> optional;
};
const InputNames& input_names(Operation operation);

// The outputs of the problem, in the order of their computation: mean before
// var before y. The running statistics are among them where they are inputs.
const std::vector<std::string_view>& output_names(const Problem& problem);

// Whether an input or output has a value for each of x; one a channel if not.
inline bool shaped_like_x(std::string_view name) {
  // Most names are told by their lengths.
  switch (name.size()) {
    case 1:
      return name[0] == 'x' || name[0] == 'y';
    case 2:
      return same_name(name, "dx") || same_name(name, "dy");
    case 3:
      return same_name(name, "ddx");
    case 5:
      return same_name(name, "x_dot") || same_name(name, "y_dot");
    case 6:
      return same_name(name, "grad_x");
    default:
      return same_name(name, "grad_dy");
  }
}

// The shape of an output or an input: that of x, or [channels].
Shape output_shape(const Problem& problem, std::string_view output);

}  // namespace exactbn
