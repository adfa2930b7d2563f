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

namespace exactbn::wire {

using nlohmann::json;

// Shortens foreign text for a message: a field may hold a whole tensor.
std::string brief(std::string_view text);

// The text as a JSON string, quotes included.
std::string json_quoted(std::string_view text);

// The path of a field in the object at `path`, which is "" for the line itself.
std::string below(std::string_view path, std::string_view name);

[[noreturn]] void refuse(std::string_view path, std::string_view why);

// Parses one object and refuses duplicate fields, which a plain parser would
// drop silently. Knows the case's id as soon as it has been read, so that an
// error in a broken line still names its case.
//
// A line may come from a hostile process. So what a line of the protocol never
// has is refused while it is read, before it takes memory: deep nesting, or
// more than `most_items` fields and elements.
class LineParser {
 public:
  static constexpr std::size_t kMostItems = 4096;
  explicit LineParser(std::size_t most_items = kMostItems)
      : most_items_(most_items) {}

  json parse(std::string_view line);
  const std::optional<std::string>& id() const { return id_; }

 private:
  void note(int depth, json::parse_event_t event, const json& value);
  [[noreturn]] void fail(const std::string& why) const;

  std::size_t most_items_;
  std::size_t items_ = 0;
  std::vector<std::set<std::string>> fields_;  // of each open object
  std::vector<std::string> path_;              // the current field of each
  std::optional<std::string> id_;
};

// Calls read(object) and prefixes the case's id to its errors.
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

}  // namespace exactbn::wire
