// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "oracles/wire/error.h"

namespace exactbn {

using nlohmann::json;

// Foreign text in a message is kept short: a field may hold a whole tensor.
std::string brief(std::string_view text);

// The text as a JSON string, quotes included.
std::string json_quoted(std::string_view text);

// The path of a field of the object at `path`, which is "" for the line's.
std::string below(std::string_view path, std::string_view name);

[[noreturn]] void refuse(std::string_view path, std::string_view why);

// Parses one object and refuses a field that is given twice, where a plain
// parser would keep one of the two. Knows the id of the case as soon as it has
// been read, so that a broken line still says which case it is of.
class LineParser {
 public:
  json parse(std::string_view line);
  const std::optional<std::string>& id() const { return id_; }

 private:
  void note(int depth, json::parse_event_t event, const json& value);
  [[noreturn]] void fail(const std::string& why) const;

  std::vector<std::set<std::string>> fields_;  // of each object not yet closed
  std::vector<std::string> path_;              // the field now read of each
  std::optional<std::string> id_;
};

// Calls read(object) and puts the case's id before what it refuses.
template <class Read>
auto read_line(std::string_view line, Read read) {
  LineParser parser;
  try {
    return read(parser.parse(line));
  } catch (const WireError& error) {
    if (!parser.id() || parser.id()->empty()) throw;
    throw WireError(
        fmt::format("case {}: {}", brief(*parser.id()), error.what()));
  }
}

}  // namespace exactbn
