// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire/breach.h"

#include "oracles/wire/json_fields.h"
#include "oracles/wire/json_line.h"

namespace exactbn {

using namespace wire;

namespace {

constexpr std::string_view kBroke = "broke";

}  // namespace

std::string write_breach(std::string_view what) {
  return "{\"broke\":" + json_quoted(what) + '}';
}

std::optional<std::string> read_breach(std::string_view line) {
  if (!line.starts_with("{\"broke\":")) return std::nullopt;
  return read_line(line, [](const json& object) {
    const Fields fields(object, "", {kBroke});
    return as_text(fields.at(kBroke), kBroke);
  });
}

}  // namespace exactbn
