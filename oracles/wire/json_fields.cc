// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire/json_fields.h"

#include <algorithm>

namespace exactbn::wire {

const json& as_array(const json& value, std::string_view path) {
  if (!value.is_array()) {
    refuse(path, fmt::format("{}, expected an array", value.type_name()));
  }
  return value;
}

const json& as_object(const json& value, std::string_view path) {
  if (!value.is_object()) {
    refuse(path, fmt::format("{}, expected an object", value.type_name()));
  }
  return value;
}

const std::string& as_text(const json& value, std::string_view path) {
  if (!value.is_string()) {
    refuse(path, fmt::format("{}, expected a string", value.type_name()));
  }
  return value.get_ref<const std::string&>();
}

const std::string& as_nonempty_text(const json& value, std::string_view path) {
  const std::string& text = as_text(value, path);
  if (text.empty()) refuse(path, "empty");
  return text;
}

Fields::Fields(const json& value, std::string path,
               const std::vector<std::string_view>& known)
    : value_(as_object(value, path)), path_(std::move(path)) {
  for (const auto& [name, field] : value_.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      refuse(below(path_, name), "unknown field");
    }
  }
}

const json* Fields::find(std::string_view name) const {
  const auto it = value_.find(name);
  return it == value_.end() ? nullptr : &*it;
}

const json& Fields::at(std::string_view name) const {
  if (const json* field = find(name)) return *field;
  refuse(path(name), "missing");
}

}  // namespace exactbn::wire
