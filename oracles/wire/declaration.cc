// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "oracles/wire/words.h"

namespace exactbn {

using namespace wire;

namespace {

// Calls item(value, path) for each element of a list. An empty list is refused:
// it would read as "nothing", but omitting the field means "everything".
template <class Item>
void read_list(const Fields& fields, std::string_view name, Item item) {
  const json* list = fields.find(name);
  if (!list) return;
  const std::string path = fields.path(name);
  if (as_array(*list, path).empty()) {
    refuse(path, "empty; leave it out for all");
  }
  for (const json& value : *list) item(value, path);
}

std::string read_axis(const json& value, const std::string& path) {
  const std::string& axis = as_text(value, path);
  const bool number = axis.size() == 1 && axis[0] >= '0' && axis[0] <= '4';
  if (!number && axis != "last") {
    refuse(path, fmt::format("{} is neither \"last\" nor \"0\" to \"4\"",
                             brief(json_quoted(axis))));
  }
  return axis;
}

Output read_offered(const json& value, const std::string& path,
                    Operation operation) {
  const OutputNames& outputs = traits(operation).outputs;
  const std::string& text = as_text(value, path);
  const std::optional<Output> output = parse_output(text);
  if (!output || !outputs.contains(*output)) {
    std::vector<std::string_view> names;
    for (const Output known : outputs) names.push_back(to_string(known));
    refuse_word(path, text, names);
  }
  return *output;
}

void read_all_offered(const Fields& fields, Declaration& declaration) {
  const json* outputs = fields.find("outputs");
  if (!outputs) return;
  const Fields lists(*outputs, "outputs", words(kOperations));
  for (const Operation operation : kOperations) {
    read_list(lists, word(operation),
              [&](const json& value, const std::string& path) {
                declaration.outputs[operation].push_back(
                    read_offered(value, path, operation));
              });
  }
}

// Every output of any operation.
std::vector<std::string_view> all_outputs() {
  std::vector<std::string_view> names;
  for (const Operation operation : kOperations) {
    for (const Output output : traits(operation).outputs) {
      if (std::find(names.begin(), names.end(), to_string(output)) ==
          names.end()) {
        names.push_back(to_string(output));
      }
    }
  }
  return names;
}

OutputFormat read_output_format(const json& value, const std::string& path) {
  std::vector<std::string_view> known = {"same", "parameters"};
  if (as_text(value, path) == known[0]) return {OutputFormat::As::x};
  if (as_text(value, path) == known[1]) return {OutputFormat::As::parameters};
  for (const DType dtype : kDTypes) {
    if (as_text(value, path) == word(dtype)) {
      return {OutputFormat::As::named, dtype};
    }
    known.push_back(word(dtype));
  }
  refuse_word(path, as_text(value, path), known);
}

void read_output_formats(const Fields& fields, Declaration& declaration) {
  const json* formats = fields.find("output_dtypes");
  if (!formats) return;
  const std::vector<std::string_view> outputs = all_outputs();
  const Fields words(*formats, "output_dtypes", outputs);
  for (const std::string_view name : outputs) {
    if (const json* value = words.find(name)) {
      declaration.output_dtypes[*parse_output(name)] =
          read_output_format(*value, words.path(name));
    }
  }
}

template <class Word, std::size_t n>
void read_word(const Fields& fields, std::string_view name,
               const std::array<Word, n>& choices, Word& word) {
  if (const json* value = fields.find(name)) {
    word = choose(*value, fields.path(name), choices);
  }
}

}  // namespace

std::string write_declaration(const Declaration& declaration) {
  nlohmann::ordered_json out;
  out["subject"] = declaration.subject;
  if (!declaration.operations.empty()) {
    out["operations"] = words(declaration.operations);
  }
  if (!declaration.dtypes.empty()) out["dtypes"] = words(declaration.dtypes);
  if (!declaration.channel_axes.empty()) {
    out["channel_axes"] = declaration.channel_axes;
  }
  for (const auto& [operation, outputs] : declaration.outputs) {
    if (!outputs.empty()) out["outputs"][word(operation)] = words(outputs);
  }
  for (const auto& [output, format] : declaration.output_dtypes) {
    out["output_dtypes"][word(output)] = word(format);
  }
  out["momentum"] = word(declaration.momentum);
  out["running_variance"] = word(declaration.running_variance);
  out["single_value"] = word(declaration.single_value);
  out["zero_variance"] = word(declaration.zero_variance);
  out["subnormals"] = word(declaration.subnormals);
  if (declaration.accumulation) {
    out["accumulation"] = word(*declaration.accumulation);
  }
  out["domain"] = word(declaration.domain);
  out["rounding"] = word(declaration.rounding);
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Declaration read_declaration(std::string_view line) {
  return read_line(line, [](const json& object) {
    const Fields fields(
        object, "",
        {"subject", "operations", "dtypes", "channel_axes", "outputs",
         "output_dtypes", "momentum", "running_variance", "single_value",
         "zero_variance", "subnormals", "accumulation", "domain", "rounding"});
    Declaration d;
    d.subject = as_nonempty_text(fields.at("subject"), "subject");
    read_list(fields, "operations", [&](const json& value, const auto& path) {
      d.operations.push_back(choose(value, path, kOperations));
    });
    read_list(fields, "dtypes", [&](const json& value, const auto& path) {
      d.dtypes.push_back(choose(value, path, kDTypes));
    });
    read_list(fields, "channel_axes", [&](const json& value, const auto& path) {
      d.channel_axes.push_back(read_axis(value, path));
    });
    read_all_offered(fields, d);
    read_output_formats(fields, d);
    read_word(fields, "momentum", kMomenta, d.momentum);
    read_word(fields, "running_variance", kRunningVariances,
              d.running_variance);
    read_word(fields, "single_value", kSingleValues, d.single_value);
    read_word(fields, "zero_variance", kZeroVariances, d.zero_variance);
    read_word(fields, "subnormals", kSubnormals, d.subnormals);
    read_word(fields, "domain", kDomains, d.domain);
    read_word(fields, "rounding", kRoundings, d.rounding);
    if (const json* format = fields.find("accumulation")) {
      d.accumulation = choose(*format, "accumulation", kDTypes);
    }
    return d;
  });
}

}  // namespace exactbn
