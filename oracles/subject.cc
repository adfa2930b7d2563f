// SPDX-License-Identifier: Apache-2.0
#include "oracles/subject.h"

#include <fmt/format.h>

#include <algorithm>

#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// An empty list means everything.
template <class List, class Value>
bool covers(const List& list, const Value& value) {
  return list.empty() ||
         std::find(list.begin(), list.end(), value) != list.end();
}

bool covers_axis(const std::vector<std::string>& axes, int axis,
                 std::size_t rank) {
  if (axes.empty()) return true;
  const bool last = static_cast<std::size_t>(axis) + 1 == rank;
  return covers(axes, std::to_string(axis)) || (last && covers(axes, "last"));
}

}  // namespace

std::optional<std::string> why_unsupported(const Declaration& declaration,
                                           const Problem& problem) {
  if (!covers(declaration.operations, problem.operation)) {
    return fmt::format("no {}", to_string(problem.operation));
  }
  // The format of a problem is that of x; gamma and other inputs may be wider.
  const DType dtype = problem.x().dtype();
  if (!covers(declaration.dtypes, dtype)) {
    return fmt::format("no {}", format(dtype).name);
  }
  const std::size_t rank = problem.x().shape().size();
  if (!covers_axis(declaration.channel_axes, problem.channel_axis, rank)) {
    return fmt::format("channel axis {} of {}", problem.channel_axis, rank);
  }
  return std::nullopt;
}

bool may_be_asked(const Declaration& declaration, const Problem& problem) {
  try {
    require_valid(problem);
  } catch (const InvalidProblem&) {
    return false;
  }
  return !why_unsupported(declaration, problem);
}

bool offers(const Declaration& declaration, Operation operation,
            Output output) {
  const auto offered = declaration.outputs.find(operation);
  return offered == declaration.outputs.end() ||
         covers(offered->second, output);
}

std::optional<DType> parameter_format(const Problem& problem) {
  for (const Input name :
       {Input::gamma, Input::beta, Input::running_mean, Input::running_var,
        Input::gamma_dot, Input::beta_dot, Input::ddgamma, Input::ddbeta}) {
    if (const Tensor* tensor = problem.find(name)) return tensor->dtype();
  }
  return std::nullopt;
}

DType output_format(const Problem& problem, Output output) {
  const DType x = problem.x().dtype();
  if (shaped_like_x(output)) return x;
  if (const auto parameters = parameter_format(problem)) return *parameters;
  return x == DType::f64 ? DType::f64 : DType::f32;
}

Answer answer_of(Subject& subject, const Case& c) {
  const CallersEnvironment environment;
  return subject.answer(c);
}

std::optional<Answer> answer_of(Subject& subject, const Case& c,
                                const Surroundings& surroundings) {
  const CallersEnvironment environment;
  return subject.answer_in(surroundings, c);
}

}  // namespace exactbn
