// SPDX-License-Identifier: Apache-2.0
#include "oracles/mismatch/printable.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace exactbn {

namespace {

using nlohmann::json;

std::string valid_utf8(std::string_view text) {
  const std::string quoted =
      json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  return json::parse(quoted).get<std::string>();
}

}  // namespace

std::string printable(std::string_view text) {
  std::string line = valid_utf8(text);
  std::replace_if(
      line.begin(), line.end(),
      [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  return line;
}

}  // namespace exactbn
