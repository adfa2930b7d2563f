// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire/problem.h"

#include <algorithm>
#include <bit>

#include "oracles/wire/tensor.h"
#include "oracles/wire/words.h"

namespace exactbn::wire {

namespace {

std::string hex_f64(double value) {
  return to_hex(std::bit_cast<std::uint64_t>(value), DType::f64);
}

double read_f64(const json& value, std::string_view path) {
  const std::string& hex = as_text(value, path);
  const std::optional<std::uint64_t> bits = parse_hex(hex, DType::f64);
  if (!bits) {
    refuse(path, fmt::format("{} is not 16 lower-case hexadecimal digits",
                             brief(json_quoted(hex))));
  }
  return std::bit_cast<double>(*bits);
}

void read_momentum(const Fields& fields, Problem& problem) {
  const json* momentum = fields.find("momentum");
  if (!momentum) {
    // Only the running statistics of training use it.
    if (problem.operation == Operation::forward_training &&
        (problem.find(Input::running_mean) ||
         problem.find(Input::running_var))) {
      refuse("momentum", "missing, but running statistics are given");
    }
    problem.momentum = 0;
  } else if (!momentum->is_null()) {
    problem.momentum = read_f64(*momentum, "momentum");
  }
}

// The inputs present: the operation's in its own order, then any that it does
// not have, for which the problem will be refused.
std::vector<Input> names_in_order(const Problem& problem) {
  const OperationTraits& of = traits(problem.operation);
  std::vector<Input> names;
  for (const InputNames* list : {&of.required, &of.optional}) {
    for (const Input name : *list) {
      if (problem.find(name)) names.push_back(name);
    }
  }
  for (const auto& [name, tensor] : problem.inputs) {
    if (!of.required.contains(name) && !of.optional.contains(name)) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace

void append_problem(std::string& out, const Problem& problem) {
  out += fmt::format(R"("operation":"{}","channel_axis":{},"epsilon":"{}")",
                     to_string(problem.operation), problem.channel_axis,
                     hex_f64(problem.epsilon));
  out += problem.momentum
             ? fmt::format(R"(,"momentum":"{}")", hex_f64(*problem.momentum))
             : R"(,"momentum":null)";
  if (!problem.momentum || problem.batches_tracked != 0) {
    out += fmt::format(R"(,"batches_tracked":{})", problem.batches_tracked);
  }
  out += R"(,"inputs":{)";
  for (const Input name : names_in_order(problem)) {
    if (out.back() != '{') out += ',';
    out += json_quoted(to_string(name)) + ':';
    append_tensor(out, *problem.find(name));
  }
  out += '}';
}

Problem parse_problem(const Fields& fields) {
  Problem problem;
  problem.operation = choose(fields.at("operation"), "operation", kOperations);
  problem.channel_axis =
      as_integer<int>(fields.at("channel_axis"), "channel_axis");
  problem.epsilon = read_f64(fields.at("epsilon"), "epsilon");
  if (const json* tracked = fields.find("batches_tracked")) {
    problem.batches_tracked =
        as_integer<std::int64_t>(*tracked, "batches_tracked");
  }
  problem.inputs = read_tensors<Input>(
      fields.at("inputs"), "inputs", parse_input,
      fmt::format("{} has no such input", to_string(problem.operation)));
  read_momentum(fields, problem);
  return problem;
}

Problem read_problem(const Fields& fields) {
  Problem problem = parse_problem(fields);
  try {
    require_valid(problem);
  } catch (const InvalidProblem& error) {
    const std::string& field = error.field();
    const std::string_view what = error.what();
    refuse(brief(field), what.substr(field.size() + 2));
  }
  return problem;
}

}  // namespace exactbn::wire
