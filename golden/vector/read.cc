// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "golden/vector/dialect.h"
#include "golden/vector/file.h"
#include "oracles/wire/problem.h"
#include "oracles/wire/tensor.h"
#include "oracles/wire/words.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

constexpr std::string_view kVariation = "variation:";

std::vector<std::string> read_texts(const wire::json& value,
                                    std::string_view path) {
  std::vector<std::string> texts;
  for (const wire::json& text : wire::as_array(value, path)) {
    texts.push_back(wire::as_nonempty_text(text, path));
  }
  return texts;
}

double read_number(const wire::json& value, std::string_view path) {
  if (!value.is_number() || value.get<double>() < 0) {
    wire::refuse(path, "expected a number >= 0");
  }
  return value.get<double>();
}

void require_count(std::size_t given, std::size_t expected,
                   std::string_view path, std::string_view what) {
  if (given == expected) return;
  wire::refuse(path, fmt::format("{} {}, expected {}", given, what, expected));
}

// A sign and 16 digits per value.
std::vector<Residual> read_residuals(const wire::json& value,
                                     const std::string& path,
                                     std::size_t count) {
  constexpr std::size_t kWidth = 17;
  const std::string& text = wire::as_text(value, path);
  require_count(text.size(), count * kWidth, path, "characters");
  std::vector<Residual> residuals;
  for (std::size_t at = 0; at < text.size(); at += kWidth) {
    const auto size = parse_hex(
        std::string_view(text).substr(at + 1, kWidth - 1), DType::f64);
    if (!size || (text[at] != '+' && text[at] != '-')) {
      wire::refuse(path,
                   fmt::format("{} is not a sign and 16 lower-case hexadecimal "
                               "digits",
                               wire::json_quoted(text.substr(at, kWidth))));
    }
    residuals.push_back({text[at] == '-', *size});
  }
  return residuals;
}

std::vector<Judged> read_judged(const wire::json* value,
                                const std::string& path, std::size_t count) {
  if (!value) return std::vector(count, Judged::value);
  const std::string& text = wire::as_text(*value, path);
  require_count(text.size(), count, path, "letters");
  if (text.find_first_not_of("vsfu") != std::string::npos) {
    wire::refuse(path, "expected only the letters v, s, f and u");
  }
  std::vector<Judged> judged(count);
  std::transform(text.begin(), text.end(), judged.begin(),
                 [](char letter) { return static_cast<Judged>(letter); });
  return judged;
}

std::vector<std::string> read_exact(const wire::json* value,
                                    const std::string& path,
                                    std::size_t count) {
  std::vector<std::string> exact(count);
  if (!value) return exact;
  require_count(wire::as_array(*value, path).size(), count, path, "elements");
  for (std::size_t i = 0; i < count; ++i) {
    const wire::json& element = (*value)[i];
    if (!element.is_null()) exact[i] = wire::as_nonempty_text(element, path);
  }
  return exact;
}

ExpectedOutput read_output(const wire::json& value, const std::string& path) {
  const wire::Fields fields(value, path,
                            {"dtype", "shape", "bits", "residual", "eta_limit",
                             "eta_limit_unit", "judged", "exact"});
  ExpectedOutput output;
  output.values = wire::read_tensor(fields);
  const auto count = static_cast<std::size_t>(output.values.size());
  output.residuals =
      read_residuals(fields.at("residual"), fields.path("residual"), count);
  output.eta_limit =
      read_number(fields.at("eta_limit"), fields.path("eta_limit"));
  const std::string unit_path = fields.path("eta_limit_unit");
  const wire::json& units =
      wire::as_array(fields.at("eta_limit_unit"), unit_path);
  require_count(units.size(), count, unit_path, "numbers");
  for (const wire::json& unit : units) {
    output.units.push_back(read_number(unit, unit_path));
  }
  output.judged =
      read_judged(fields.find("judged"), fields.path("judged"), count);
  output.exact = read_exact(fields.find("exact"), fields.path("exact"), count);
  return output;
}

// The field "outputs"; errors name a path below `path`.
std::map<Output, ExpectedOutput> read_outputs(const wire::Fields& fields,
                                              const std::string& path) {
  std::map<Output, ExpectedOutput> outputs;
  for (const auto& [name, value] :
       wire::as_object(fields.at("outputs"), fields.path("outputs")).items()) {
    const std::string place = wire::below(path, name);
    const std::optional<Output> output = parse_output(name);
    if (!output) wire::refuse(place, "unknown output");
    outputs.emplace(*output, read_output(value, place));
  }
  return outputs;
}

Expected read_expected(const wire::json& value, const std::string& path) {
  const wire::Fields fields(value, path, {"reject", "outputs"});
  require_count(value.size(), 1, path, "fields");
  Expected expected;
  if (const wire::json* reject = fields.find("reject")) {
    expected.reject = wire::as_nonempty_text(*reject, fields.path("reject"));
    return expected;
  }
  expected.outputs = read_outputs(fields, path);
  return expected;
}

// Only a file with a convention may have it.
std::optional<Dialect> read_dialect(const wire::Fields& of_case,
                                    bool has_convention) {
  const wire::json* value = has_convention ? of_case.find("dialect") : nullptr;
  if (!value) return std::nullopt;
  const wire::Fields fields(*value, "dialect", {"momentum", "outputs"});
  Dialect dialect;
  if (const wire::json& momentum = fields.at("momentum"); !momentum.is_null()) {
    const std::string path = fields.path("momentum");
    const auto bits = parse_hex(wire::as_text(momentum, path), DType::f64);
    if (!bits) wire::refuse(path, "expected 16 lower-case hexadecimal digits");
    dialect.momentum = std::bit_cast<double>(*bits);
  }
  dialect.outputs = read_outputs(fields, fields.path("outputs"));
  return dialect;
}

Vector read_vector(const wire::json& value, bool has_convention) {
  std::vector<std::string_view> names = {"id", "comment", "labels", "expected"};
  if (has_convention) names.emplace_back("dialect");
  names.insert(names.end(), wire::kProblemFields.begin(),
               wire::kProblemFields.end());
  for (const auto& [name, field] : wire::as_object(value, "").items()) {
    if (name.starts_with(kVariation)) names.emplace_back(name);
  }
  const wire::Fields fields(value, "", names);
  Vector vector;
  vector.question.id = wire::as_nonempty_text(fields.at("id"), "id");
  vector.question.labels = read_texts(fields.at("labels"), "labels");
  vector.question.problem = wire::parse_problem(fields);
  vector.comment = wire::as_nonempty_text(fields.at("comment"), "comment");
  vector.expected = read_expected(fields.at("expected"), "expected");
  vector.dialect = read_dialect(fields, has_convention);
  for (const auto& [name, field] : value.items()) {
    if (!name.starts_with(kVariation)) continue;
    vector.variations.emplace(name.substr(kVariation.size()),
                              read_expected(field, name));
  }
  return vector;
}

// Errors name the case, by its id or else by its index.
Vector read_case_of_file(const wire::json& value, std::size_t index,
                         bool has_convention) {
  try {
    return read_vector(value, has_convention);
  } catch (const WireError& error) {
    const bool named =
        value.is_object() && value.contains("id") && value["id"].is_string();
    throw WireError(fmt::format(
        "case {}: {}",
        named ? wire::brief(value["id"].get_ref<const std::string&>())
              : fmt::format("at index {}", index),
        error.what()));
  }
}

LabelText read_label(const wire::json& value, const std::string& path) {
  const wire::Fields fields(value, path, {"exposes", "severity", "threads"});
  return {
      wire::as_nonempty_text(fields.at("exposes"), fields.path("exposes")),
      wire::as_nonempty_text(fields.at("severity"), fields.path("severity")),
      read_texts(fields.at("threads"), fields.path("threads"))};
}

// The framework's name. Refuses other semantics than the framework's.
std::string read_convention(const wire::json& value) {
  const wire::Fields fields(value, "convention",
                            {"name", "momentum", "running_variance"});
  const std::string& name =
      wire::as_text(fields.at("name"), fields.path("name"));
  const auto convention = find_dialect(name);
  if (!convention) wire::refuse(fields.path("name"), "unknown convention");
  for (const auto& [what, how] : convention_semantics(*convention)) {
    if (wire::as_text(fields.at(what), fields.path(what)) != how) {
      wire::refuse(fields.path(what), "differs from the convention of " + name);
    }
  }
  return name;
}

}  // namespace

VectorFile read_vectors(std::string_view text) {
  const StandardEnvironment environment;
  wire::LineParser parser(text.size());
  const wire::json object = parser.parse(text);
  const wire::Fields fields(
      object, "",
      {"schema", "format_version", "generator", "convention", "operation",
       "dtype", "semantics", "labels", "number_of_cases", "cases"});
  if (wire::as_text(fields.at("schema"), "schema") != "exactbn/vectors/1" ||
      wire::as_integer<int>(fields.at("format_version"), "format_version") !=
          1) {
    wire::refuse("schema", "expected exactbn/vectors/1, version 1");
  }
  VectorFile file;
  const wire::Fields generator(fields.at("generator"), "generator",
                               {"version", "command"});
  file.generator = {
      wire::as_nonempty_text(generator.at("version"), "generator.version"),
      wire::as_nonempty_text(generator.at("command"), "generator.command")};
  if (const wire::json* convention = fields.find("convention")) {
    file.generator.convention = read_convention(*convention);
  }
  file.operation =
      wire::choose(fields.at("operation"), "operation", kOperations);
  file.dtype = wire::choose(fields.at("dtype"), "dtype", kDTypes);
  for (const auto& [name, value] :
       wire::as_object(fields.at("semantics"), "semantics").items()) {
    file.semantics[name] =
        wire::as_nonempty_text(value, wire::below("semantics", name));
  }
  for (const auto& [name, value] :
       wire::as_object(fields.at("labels"), "labels").items()) {
    file.labels[name] = read_label(value, wire::below("labels", name));
  }
  file.number_of_cases = wire::as_integer<std::int64_t>(
      fields.at("number_of_cases"), "number_of_cases");
  for (const wire::json& value : wire::as_array(fields.at("cases"), "cases")) {
    file.cases.push_back(read_case_of_file(value, file.cases.size(),
                                           !file.generator.convention.empty()));
  }
  return file;
}

}  // namespace exactbn
