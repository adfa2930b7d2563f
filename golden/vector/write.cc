// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "golden/vector/dialect.h"
#include "golden/vector/file.h"
#include "golden/vector/prove.h"
#include "golden/vector/round_up.h"
#include "oracles/wire/problem.h"
#include "oracles/wire/tensor.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// [a,b,...]
template <class List, class Text>
std::string array(const List& list, Text text) {
  std::string out = "[";
  for (const auto& element : list) {
    if (out.size() > 1) out += ',';
    out += text(element);
  }
  return out += ']';
}

std::string_view key_text(std::string_view name) { return name; }
std::string_view key_text(Output output) { return to_string(output); }

// {"a":...,"b":...}
template <class Map, class Text>
std::string object(const Map& map, Text text) {
  std::string out = "{";
  for (const auto& [name, value] : map) {
    if (out.size() > 1) out += ',';
    out += wire::json_quoted(key_text(name)) + ':' + text(value);
  }
  return out += '}';
}

std::string quoted(const std::string& text) { return wire::json_quoted(text); }

std::string write_output(const ExpectedOutput& output) {
  std::string out;
  wire::append_tensor(out, output.values);
  out.back() = ',';
  out += R"("residual":")";
  for (const Residual& r : output.residuals) {
    out += fmt::format("{}{:016x}", r.negative ? '-' : '+', r.size);
  }
  out += fmt::format(R"(","eta_limit":{:.4f},"eta_limit_unit":)",
                     output.eta_limit);
  out += array(output.units, three_digits);
  const auto is_value = [](Judged judged) { return judged == Judged::value; };
  if (!std::all_of(output.judged.begin(), output.judged.end(), is_value)) {
    out += R"(,"judged":")";
    for (const Judged judged : output.judged) out += letter(judged);
    out += '"';
  }
  const auto is_long = [](const std::string& exact) { return exact.empty(); };
  if (!std::all_of(output.exact.begin(), output.exact.end(), is_long)) {
    out += R"(,"exact":)";
    out += array(output.exact, [](const std::string& exact) {
      return exact.empty() ? "null" : wire::json_quoted(exact);
    });
  }
  return out += '}';
}

std::string write_expected(const Expected& expected) {
  if (!expected.reject.empty()) {
    return R"({"reject":)" + quoted(expected.reject) + '}';
  }
  return R"({"outputs":)" + object(expected.outputs, write_output) + '}';
}

std::string write_vector(const Vector& vector) {
  std::string out = fmt::format(R"({{"id":{},"comment":{},"labels":{},)",
                                wire::json_quoted(vector.question.id),
                                wire::json_quoted(vector.comment),
                                array(vector.question.labels, quoted));
  wire::append_problem(out, vector.question.problem);
  out += R"(,"expected":)" + write_expected(vector.expected);
  if (vector.dialect) {
    const auto& momentum = vector.dialect->momentum;
    out +=
        R"(,"dialect":{"momentum":)" +
        (momentum
             ? '"' +
                   to_hex(std::bit_cast<std::uint64_t>(*momentum), DType::f64) +
                   '"'
             : "null") +
        R"(,"outputs":)" + object(vector.dialect->outputs, write_output) + '}';
  }
  for (const auto& [name, expected] : vector.variations) {
    out += fmt::format(R"(,"variation:{}":)", name) + write_expected(expected);
  }
  return out += '}';
}

std::string write_label(const LabelText& label) {
  return fmt::format(R"({{"exposes":{},"severity":"{}","threads":{}}})",
                     wire::json_quoted(label.exposes), label.severity,
                     array(label.threads, quoted));
}

// The field `convention`, or nothing if the file has no convention.
std::string write_convention(const std::string& name) {
  const auto convention = find_dialect(name);
  if (!convention) return {};
  auto fields = convention_semantics(*convention);
  fields["name"] = name;
  return "\"convention\":" + object(fields, quoted) + ",\n";
}

}  // namespace

std::string write_vectors(const VectorFile& file) {
  const StandardEnvironment environment;
  std::string out = fmt::format(
      R"({{
"schema":"exactbn/vectors/1",
"format_version":1,
"generator":{{"version":{},"command":{}}},
{}"operation":"{}",
"dtype":"{}",
"semantics":{},
"labels":{},
"number_of_cases":{},
"cases":[
)",
      wire::json_quoted(file.generator.version),
      wire::json_quoted(file.generator.command),
      write_convention(file.generator.convention), to_string(file.operation),
      format(file.dtype).name, object(file.semantics, quoted),
      object(file.labels, write_label), file.number_of_cases);
  for (const Vector& vector : file.cases) {
    out += write_vector(vector);
    out += &vector == &file.cases.back() ? "\n" : ",\n";
  }
  return out += "]}\n";
}

}  // namespace exactbn
