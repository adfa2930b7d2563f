// SPDX-License-Identifier: Apache-2.0
#include "reference/problem.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace exactbn {

namespace {

constexpr std::array<std::string_view, kOperations.size()> kNames = {
    "forward_training",   "forward_inference", "backward_training",
    "backward_inference", "jvp_training",      "double_backward_training"};

bool contains(const std::vector<std::string_view>& names,
              std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [name](auto other) { return same_name(other, name); });
}

void require_input_names(const Problem& problem) {
  const InputNames& names = input_names(problem.operation);
  const auto operation = [&] {
    return std::string(to_string(problem.operation));
  };
  for (const std::string_view name : names.required) {
    if (!problem.find(name)) {
      throw InvalidProblem("inputs." + std::string(name),
                           operation() + " needs it");
    }
  }
  for (const auto& [name, tensor] : problem.inputs) {
    if (!contains(names.required, name) && !contains(names.optional, name)) {
      throw InvalidProblem("inputs." + name,
                           operation() + " has no such input");
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
          "inputs." + name + ".shape",
          to_string(tensor.shape()) + ", expected " + to_string(expected));
    }
  }
}

}  // namespace

std::string_view to_string(Operation operation) {
  return kNames[static_cast<std::size_t>(operation)];
}

std::optional<Operation> parse_operation(std::string_view name) {
  for (const Operation operation : kOperations) {
    if (to_string(operation) == name) return operation;
  }
  return std::nullopt;
}

void require_valid(const Problem& problem) {
  require_input_names(problem);
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
  if (const Tensor* variance = problem.find("running_var")) {
    for (std::int64_t c = 0; c < variance->size(); ++c) {
      if (variance->value(c) < 0) {
        throw InvalidProblem("inputs.running_var",
                             "negative in channel " + std::to_string(c));
      }
    }
  }
}

const InputNames& input_names(Operation operation) {
  static const std::array<InputNames, kOperations.size()> names = {{
      {{"x"}, {"gamma", "beta", "running_mean", "running_var"}},
      {{"x", "running_mean", "running_var"}, {"gamma", "beta"}},
      {{"x", "dy"}, {"gamma"}},
      {{"x", "dy", "running_mean", "running_var"}, {"gamma"}},
      {{"x", "x_dot"}, {"gamma", "gamma_dot", "beta_dot"}},
      {{"x", "dy", "ddx"}, {"gamma", "ddgamma", "ddbeta"}},
  }};
  return names[static_cast<std::size_t>(operation)];
}

const std::vector<std::string_view>& output_names(const Problem& problem) {
  using Names = std::vector<std::string_view>;
  static const Names forward = {"mean", "var", "invstd", "y"};
  static const Names with_mean = {"mean", "var", "invstd", "y", "running_mean"};
  static const Names with_var = {"mean", "var", "invstd", "y", "running_var"};
  static const Names with_both = {"mean", "var",          "invstd",
                                  "y",    "running_mean", "running_var"};
  static const Names inference = {"y"};
  static const Names gradients = {"dbeta", "dgamma", "dx"};
  static const Names derivative = {"y_dot"};
  static const Names second = {"grad_dy", "grad_gamma", "grad_x"};
  switch (problem.operation) {
    case Operation::forward_training:
      if (problem.find("running_mean")) {
        return problem.find("running_var") ? with_both : with_mean;
      }
      return problem.find("running_var") ? with_var : forward;
    case Operation::forward_inference:
      return inference;
    case Operation::backward_training:
    case Operation::backward_inference:
      return gradients;
    case Operation::jvp_training:
      return derivative;
    case Operation::double_backward_training:
      break;
  }
  return second;
}

Shape output_shape(const Problem& problem, std::string_view output) {
  const Shape& of_x = problem.x().shape();
  if (shaped_like_x(output)) return of_x;
  return {of_x[static_cast<std::size_t>(problem.channel_axis)]};
}

}  // namespace exactbn
