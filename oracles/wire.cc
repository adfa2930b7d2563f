// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>

#include "oracles/wire_tensor.h"
#include "oracles/wire_words.h"

namespace exactbn {

namespace {

constexpr std::array kRefusals = {Answer::Kind::unsupported,
                                  Answer::Kind::rejected, Answer::Kind::error};

std::string hex_f64(double value) {
  return to_hex(std::bit_cast<std::uint64_t>(value), DType::f64);
}

double read_f64(const json& value, std::string_view path) {
  const std::string& hex = as_text(value, path);
  const std::optional<std::uint64_t> bits = parse_hex(hex, DType::f64);
  if (!bits) {
    refuse(path, fmt::format("{} is not 16 lower-case hexadecimal digits",
                             brief(json_text(hex))));
  }
  return std::bit_cast<double>(*bits);
}

void read_momentum(const Fields& fields, Problem& problem) {
  const json* momentum = fields.find("momentum");
  if (!momentum) {
    // Only the running statistics of training have a use for it.
    if (problem.operation == Operation::forward_training &&
        (problem.find("running_mean") || problem.find("running_var"))) {
      refuse("momentum", "missing, and there are running statistics");
    }
    problem.momentum = 0;
  } else if (!momentum->is_null()) {
    problem.momentum = read_f64(*momentum, "momentum");
  }
}

Problem read_problem(const Fields& fields) {
  Problem problem;
  problem.operation = choose(fields.at("operation"), "operation", kOperations);
  problem.channel_axis =
      as_integer<int>(fields.at("channel_axis"), "channel_axis");
  problem.epsilon = read_f64(fields.at("epsilon"), "epsilon");
  if (const json* tracked = fields.find("batches_tracked")) {
    problem.batches_tracked =
        as_integer<std::int64_t>(*tracked, "batches_tracked");
  }
  problem.inputs = read_tensors(fields.at("inputs"), "inputs");
  read_momentum(fields, problem);
  try {
    require_valid(problem);
  } catch (const InvalidProblem& error) {
    const std::string& field = error.field();
    const std::string_view what = error.what();
    refuse(brief(field), what.substr(field.size() + 2));
  }
  return problem;
}

Tensors read_outputs(const json& value, const Problem& problem) {
  Tensors outputs = read_tensors(value, "outputs");
  const std::vector<std::string_view> names = output_names(problem);
  for (const auto& [name, tensor] : outputs) {
    const std::string path = below("outputs", name);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      refuse(path, "the case has no such output");
    }
    const Shape shape = output_shape(problem, name);
    if (tensor.shape() != shape) {
      refuse(path + ".shape",
             fmt::format("[{}], expected [{}]", fmt::join(tensor.shape(), ","),
                         fmt::join(shape, ",")));
    }
  }
  return outputs;
}

}  // namespace

std::string write_case(const Case& c) {
  const Problem& problem = c.problem;
  std::string out = fmt::format(
      R"({{"case":{},"operation":"{}","channel_axis":{},"epsilon":"{}")",
      json_text(c.id), to_string(problem.operation), problem.channel_axis,
      hex_f64(problem.epsilon));
  out += problem.momentum
             ? fmt::format(R"(,"momentum":"{}")", hex_f64(*problem.momentum))
             : R"(,"momentum":null)";
  if (!problem.momentum || problem.batches_tracked != 0) {
    out += fmt::format(R"(,"batches_tracked":{})", problem.batches_tracked);
  }
  out += R"(,"inputs":{)";
  const InputNames& names = input_names(problem.operation);
  for (const auto* list : {&names.required, &names.optional}) {
    for (const std::string_view name : *list) {
      const Tensor* tensor = problem.find(name);
      if (!tensor) continue;
      if (out.back() != '{') out += ',';
      out += fmt::format(R"("{}":)", name);
      append_tensor(out, *tensor);
    }
  }
  return out += "}}";
}

Case read_case(std::string_view line) {
  return read_line(line, [](const json& object) {
    const Fields fields(object, "",
                        {"case", "operation", "channel_axis", "epsilon",
                         "momentum", "batches_tracked", "inputs"});
    Case c;
    c.id = as_nonempty_text(fields.at("case"), "case");
    c.problem = read_problem(fields);
    return c;
  });
}

std::string write_answer(std::string_view case_id, const Answer& answer) {
  std::string out = fmt::format(R"({{"case":{},"{}":)", json_text(case_id),
                                word(answer.kind));
  if (answer.kind != Answer::Kind::outputs) {
    return out += json_text(answer.message) + '}';
  }
  out += '{';
  for (const auto& [name, tensor] : answer.outputs) {
    if (out.back() != '{') out += ',';
    out += json_text(name) + ':';
    append_tensor(out, tensor);
  }
  return out += "}}";
}

Answer read_answer(std::string_view line, const Case& c) {
  return read_line(line, [&](const json& object) {
    const Fields fields(
        object, "", {"case", "outputs", "unsupported", "rejected", "error"});
    const std::string& id = as_text(fields.at("case"), "case");
    if (id != c.id) refuse("case", fmt::format("expected {}", brief(c.id)));
    if (object.size() != 2) {
      throw WireError(
          "expected one of outputs, unsupported, rejected and error");
    }
    Answer answer;
    if (const json* outputs = fields.find("outputs")) {
      answer.outputs = read_outputs(*outputs, c.problem);
      return answer;
    }
    for (const Answer::Kind kind : kRefusals) {
      if (const json* message = fields.find(word(kind))) {
        answer.kind = kind;
        answer.message = as_text(*message, word(kind));
      }
    }
    return answer;
  });
}

std::string answered_case(std::string_view line) {
  LineParser parser;
  try {
    parser.parse(line);
  } catch (const WireError&) {
    if (!parser.id()) throw;
  }
  if (!parser.id()) refuse("case", "missing");
  if (parser.id()->empty()) refuse("case", "empty");
  return *parser.id();
}

}  // namespace exactbn
