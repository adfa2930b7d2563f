// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/baseline/json_line.h"

#include <limits>
#include <utility>

#include "tools/exactbn/usage_error.h"

namespace exactbn {

JsonLine::JsonLine(std::string place, std::string_view text)
    : place_(std::move(place)),
      object_(nlohmann::json::parse(text, nullptr, false)) {
  if (!object_.is_object()) throw UsageError(place_ + "not a JSON object");
}

void JsonLine::fail(const std::string& field, const std::string& why) const {
  throw UsageError(place_ + field + ": " + why);
}

nlohmann::json JsonLine::take(const std::string& field) {
  const auto found = object_.find(field);
  if (found == object_.end()) fail(field, "missing");
  nlohmann::json value = std::move(*found);
  object_.erase(found);
  return value;
}

std::string JsonLine::text(const std::string& field) {
  const nlohmann::json value = take(field);
  if (!value.is_string()) {
    fail(field, value.type_name() + std::string(", expected a string"));
  }
  return value;
}

std::uint64_t JsonLine::count(const std::string& field) {
  const nlohmann::json value = take(field);
  if (!value.is_number_unsigned()) fail(field, "expected an integer >= 0");
  return value;
}

double JsonLine::measure(const std::string& field) {
  const nlohmann::json value = take(field);
  if (value.is_null()) return std::numeric_limits<double>::infinity();
  if (!value.is_number() || value < 0) {
    fail(field, "expected a number >= 0, or null");
  }
  return value;
}

std::string JsonLine::text_or_null(const std::string& field) {
  const auto found = object_.find(field);
  if (found == object_.end() || !found->is_null()) return text(field);
  object_.erase(found);
  return {};
}

std::vector<std::string> JsonLine::texts(const std::string& field) {
  const nlohmann::json value = take(field);
  std::vector<std::string> all;
  if (!value.is_array()) fail(field, "expected an array of strings");
  for (const nlohmann::json& each : value) {
    if (!each.is_string()) fail(field, "expected an array of strings");
    all.push_back(each);
  }
  return all;
}

void JsonLine::end() const {
  if (!object_.empty()) fail(object_.begin().key(), "unknown field");
}

}  // namespace exactbn
