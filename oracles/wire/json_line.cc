// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire/json_line.h"

namespace exactbn::wire {

std::string brief(std::string_view text) {
  constexpr std::size_t kMost = 60;
  if (text.size() <= kMost) return std::string(text);
  return std::string(text.substr(0, kMost)) + "...";
}

std::string json_quoted(std::string_view text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string below(std::string_view path, std::string_view name) {
  return path.empty() ? brief(name) : fmt::format("{}.{}", path, brief(name));
}

void refuse(std::string_view path, std::string_view why) {
  throw WireError(fmt::format("{}: {}", path, why));
}

json LineParser::parse(std::string_view line) {
  try {
    json object = json::parse(
        line, [this](int depth, json::parse_event_t event, const json& value) {
          note(depth, event, value);
          return true;
        });
    if (!object.is_object()) throw WireError("not a JSON object");
    return object;
  } catch (const json::parse_error& error) {
    // Not what(): it repeats the token, which may be a whole tensor.
    if (error.byte > line.size()) {
      fail(fmt::format("the line ends too early, after {} bytes", line.size()));
    }
    fail(fmt::format("not JSON at byte {}: {}", error.byte,
                     json_quoted(brief(line.substr(error.byte - 1)))));
  } catch (const json::exception&) {
    fail("a number out of range");
  }
}

void LineParser::note(int depth, json::parse_event_t event, const json& value) {
  using Event = json::parse_event_t;
  constexpr int kDeepest = 16;
  if (depth > kDeepest) fail("nested too deeply");
  const bool is_item = event != Event::object_end && event != Event::array_end;
  if (is_item && ++items_ > most_items_) fail("too many fields or elements");
  if (event == Event::object_start) {
    fields_.emplace_back();
    path_.emplace_back();
  } else if (event == Event::object_end) {
    fields_.pop_back();
    path_.pop_back();
  } else if (event == Event::key) {
    path_.back() = value.get_ref<const std::string&>();
    if (!fields_.back().insert(path_.back()).second) fail("given twice");
  } else if (event == Event::value && depth == 1 && !path_.empty() &&
             path_.back() == "case" && value.is_string()) {
    id_ = value.get_ref<const std::string&>();
  }
}

void LineParser::fail(const std::string& why) const {
  std::string field;
  for (const std::string& name : path_) field = below(field, name);
  if (field.empty()) throw WireError(why);
  refuse(field, why);
}

}  // namespace exactbn::wire
