// SPDX-License-Identifier: Apache-2.0
#include "reference/problem.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

void require_inputs(const Problem& problem) {
  const OperationTraits& of = traits(problem.operation);
  const auto refuse = [&of](Input input, const char* why) {
    throw InvalidProblem("inputs." + std::string(to_string(input)),
                         std::string(of.name) + why);
  };
  for (const Input input : of.required) {
    if (!problem.find(input)) refuse(input, " needs it");
  }
  for (const auto& [input, tensor] : problem.inputs) {
    if (!of.required.contains(input) && !of.optional.contains(input)) {
      refuse(input, " has no such input");
    }
  }
}

void require_shapes(const Problem& problem) {
  const Shape& of_x = problem.x().shape();
  const auto rank = of_x.size();
  if (rank < 2 || rank > 5) {
    throw InvalidProblem("inputs.x.shape",
                         "rank " + std::to_string(rank) + ", expected 2 to 5");
  }
  if (problem.channel_axis < 0 ||
      problem.channel_axis >= static_cast<int>(rank)) {
    throw InvalidProblem("channel_axis", std::to_string(problem.channel_axis) +
                                             " is not an axis of " +
                                             to_string(of_x));
  }
  const Shape of_channels = {
      of_x[static_cast<std::size_t>(problem.channel_axis)]};
  for (const auto& [name, tensor] : problem.inputs) {
    const Shape& expected = shaped_like_x(name) ? of_x : of_channels;
    if (tensor.shape() != expected) {
      throw InvalidProblem(
          "inputs." + std::string(to_string(name)) + ".shape",
          to_string(tensor.shape()) + ", expected " + to_string(expected));
    }
  }
}

}  // namespace

void require_valid(const Problem& problem) {
  const StandardEnvironment environment;
  require_inputs(problem);
  require_shapes(problem);
  if (!std::isfinite(problem.epsilon) || problem.epsilon < 0) {
    throw InvalidProblem("epsilon", "must be finite and not negative");
  }
  if (problem.momentum && !std::isfinite(*problem.momentum)) {
    throw InvalidProblem("momentum", "must be finite, or null");
  }
  if (problem.batches_tracked < 0) {
    throw InvalidProblem("batches_tracked", "must not be negative");
  }
  if (const Tensor* variance = problem.find(Input::running_var)) {
    for (std::int64_t c = 0; c < variance->size(); ++c) {
      if (variance->value(c) < 0) {
        throw InvalidProblem("inputs.running_var",
                             "negative in channel " + std::to_string(c));
      }
    }
  }
}

OutputNames output_names(const Problem& problem) {
  OutputNames names;
  for (const Output output : traits(problem.operation).outputs) {
    const std::optional<Input> updates = traits(output).updates;
    if (!updates || problem.find(*updates)) names.push_back(output);
  }
  return names;
}

}  // namespace exactbn
