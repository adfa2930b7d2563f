// SPDX-License-Identifier: Apache-2.0
#include "tools/library/question.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>
#include <map>

#include "oracles/format_names.h"
#include "oracles/momentum.h"
#include "oracles/printable.h"
#include "tools/exactbn/commands/declare.h"
#include "tools/library/array.h"
#include "tools/library/entry.h"

namespace exactbn {

namespace {

// Compares all shapes with that of x. What else is wrong, require_valid says.
void require_shapes(const Problem& problem,
                    const std::map<Input, const exactbn_array*>& arrays) {
  const auto x = arrays.find(Input::x);
  if (x == arrays.end()) return;
  const Shape like_x = shape_of(*x->second);
  const auto axis = static_cast<std::size_t>(problem.channel_axis);
  for (const auto& [input, array] : arrays) {
    if (shaped_like_x(input)) {
      require_shape(*array, like_x);
    } else if (axis < like_x.size()) {
      require_shape(*array, {like_x[axis]});
    }
  }
}

}  // namespace

Operation operation_of(const char* name) {
  require_given(name, "operation");
  if (const auto operation = parse_operation(name)) return *operation;
  std::vector<std::string_view> known;
  known.reserve(kOperations.size());
  for (const Operation each : kOperations) known.push_back(to_string(each));
  throw InvalidArgument(
      fmt::format("operation: unknown operation '{}'; expected {}",
                  shortened(name), fmt::join(known, ", ")));
}

Output output_of(const Problem& problem, const char* name,
                 const std::string& argument) {
  require_given(name, argument);
  const OutputNames names = output_names(problem);
  const auto output = parse_output(name);
  if (output && names.contains(*output)) return *output;
  // The running statistics are outputs only if they are inputs.
  const bool needs = output && traits(*output).updates &&
                     !problem.find(*traits(*output).updates);
  throw InvalidArgument(fmt::format(
      "{}: {} has no output '{}'{}; expected {}", argument,
      to_string(problem.operation), shortened(name),
      needs ? fmt::format(" without the input {0}", name) : std::string(),
      fmt::join(names, ", ")));
}

Case case_of(const exactbn_question& question) {
  require_size(question.size, sizeof question, "question");
  Case c;
  if (question.id) c.id = question.id;
  Problem& problem = c.problem;
  problem.operation = operation_of(question.operation);
  problem.channel_axis = question.channel_axis;
  problem.epsilon = question.epsilon;
  if (question.cumulative == 0) problem.momentum = question.momentum;
  problem.batches_tracked = question.batches_tracked;
  std::map<Input, const exactbn_array*> arrays;
  if (question.input_count > 0) require_given(question.inputs, "inputs");
  for (std::size_t i = 0; i < question.input_count; ++i) {
    const exactbn_array& array = question.inputs[i];
    require_given(array.name, fmt::format("inputs[{}].name", i));
    const auto input = parse_input(array.name);
    const InputNames known = inputs_of(problem.operation);
    if (!input || !known.contains(*input)) {
      throw InvalidArgument(
          fmt::format("inputs[{}].name: {} has no input '{}'; expected {}", i,
                      to_string(problem.operation), shortened(array.name),
                      fmt::join(known, ", ")));
    }
    if (!arrays.emplace(*input, &array).second) {
      throw InvalidArgument(
          fmt::format("inputs[{}].name: {} is given twice", i, array.name));
    }
  }
  require_shapes(problem, arrays);
  for (const auto& [input, array] : arrays) {
    problem.inputs.emplace(input, tensor_of(*array));
  }
  if (!std::isfinite(problem.epsilon) || problem.epsilon < 0) {
    throw InvalidArgument(
        fmt::format("epsilon: {}, expected a finite number of at least 0",
                    problem.epsilon));
  }
  require_valid(problem);
  return c;
}

exactbn_question question_of(const Case& c,
                             std::vector<exactbn_array>& inputs) {
  const Problem& problem = c.problem;
  inputs.clear();
  for (const auto& [name, tensor] : problem.inputs) {
    inputs.push_back(array_of(to_string(name).data(), tensor));
  }
  return {sizeof(exactbn_question),
          to_string(problem.operation).data(),
          c.id.c_str(),
          problem.channel_axis,
          problem.momentum ? 0 : 1,
          problem.epsilon,
          problem.momentum.value_or(std::numeric_limits<double>::quiet_NaN()),
          problem.batches_tracked,
          inputs.size(),
          inputs.data()};
}

JudgingBy judging_by(const exactbn_judging* judging) {
  JudgingBy by;
  if (!judging) return by;
  require_size(judging->size, sizeof *judging, "judging");
  DeclareOptions options;
  if (judging->declare_count > 0) require_given(judging->declare, "declare");
  for (std::size_t i = 0; i < judging->declare_count; ++i) {
    require_given(judging->declare[i], fmt::format("declare[{}]", i));
    options.declare.emplace_back(judging->declare[i]);
  }
  if (judging->convention) options.convention = judging->convention;
  if (judging->domain) options.domain = judging->domain;
  Declaration own;
  own.subject = "kernel";
  by.declaration = declared(own, options);
  by.requires_all = judging->require_all != 0;
  if (!judging->require) return by;
  const auto grade = parse_grade(judging->require);
  if (!grade || *grade == Grade::unstable) {
    throw InvalidArgument(
        fmt::format("require: unknown grade '{}'; expected correct, faithful, "
                    "stable, sequential",
                    shortened(judging->require)));
  }
  by.required = *grade;
  return by;
}

Problem as_solved(Problem given, const Declaration& declaration) {
  auto problem = as_read(std::move(given), declaration);
  if (!problem) throw InvalidArgument("momentum: no f64 is 1 - momentum");
  return *std::move(problem);
}

}  // namespace exactbn
