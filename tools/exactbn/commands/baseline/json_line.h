// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace exactbn {

// Takes the fields of a line, which must be a JSON object, one by one. Every
// function throws a UsageError that begins with the place and names the field.
class JsonLine {
 public:
  // `place` is "FILE:LINE: ".
  JsonLine(std::string place, std::string_view text);

  std::string text(const std::string& field);
  std::uint64_t count(const std::string& field);
  // A number of at least 0; null is infinite.
  double measure(const std::string& field);
  // A text, or null, which is empty.
  std::string text_or_null(const std::string& field);
  std::vector<std::string> texts(const std::string& field);

  // There must be no more fields.
  void end() const;

  [[noreturn]] void fail(const std::string& field,
                         const std::string& why) const;

 private:
  nlohmann::json take(const std::string& field);

  std::string place_;
  nlohmann::json object_;
};

}  // namespace exactbn
