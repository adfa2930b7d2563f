// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <array>

#include "oracles/wire.h"
#include "oracles/wire/problem.h"
#include "oracles/wire/tensor.h"
#include "oracles/wire/words.h"

namespace exactbn {

using namespace wire;

namespace {

constexpr std::array kRefusals = {Answer::Kind::unsupported,
                                  Answer::Kind::rejected, Answer::Kind::error};

OutputTensors read_outputs(const json& value, const Problem& problem) {
  constexpr std::string_view kUnknown = "the case has no such output";
  OutputTensors outputs =
      read_tensors<Output>(value, "outputs", parse_output, kUnknown);
  const OutputNames names = output_names(problem);
  for (const auto& [name, tensor] : outputs) {
    const std::string path = below("outputs", to_string(name));
    if (!names.contains(name)) refuse(path, kUnknown);
    const Shape shape = shape_of(problem, name);
    if (tensor.shape() != shape) {
      refuse(path + ".shape",
             fmt::format("[{}], expected [{}]", fmt::join(tensor.shape(), ","),
                         fmt::join(shape, ",")));
    }
  }
  return outputs;
}

}  // namespace

std::string write_answer(std::string_view case_id, const Answer& answer) {
  std::string out = fmt::format(R"({{"case":{},"{}":)", json_quoted(case_id),
                                word(answer.kind));
  if (answer.kind != Answer::Kind::outputs) {
    return out += json_quoted(answer.message) + '}';
  }
  out += '{';
  for (const auto& [name, tensor] : answer.outputs) {
    if (out.back() != '{') out += ',';
    out += json_quoted(to_string(name)) + ':';
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

std::size_t digits_of_answer(const Problem& problem) {
  std::int64_t values = 0;
  for (const Output name : output_names(problem)) {
    values += element_count(shape_of(problem, name));
  }
  return static_cast<std::size_t>(values) *
         static_cast<std::size_t>(format(DType::f64).hex_digits());
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
