// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire/surroundings.h"

#include "oracles/wire/json_fields.h"

namespace exactbn {

using namespace wire;

namespace {

constexpr std::string_view kBegin = R"({"surroundings":)";
constexpr std::string_view kPath = "surroundings";

int read_offset(const Fields& fields, std::string_view name) {
  const json* value = fields.find(name);
  return value ? as_integer<std::uint8_t>(*value, fields.path(name)) : 0;
}

}  // namespace

std::string write_surroundings(const Surroundings& surroundings) {
  std::string text = fmt::format(R"({}{{"past":{},"apart":{})", kBegin,
                                 surroundings.past, surroundings.apart);
  if (surroundings.held) {
    text += fmt::format(R"(,"held":{})", *surroundings.held);
  }
  if (surroundings.kept) {
    text += fmt::format(R"(,"kept":{})", *surroundings.kept);
  }
  return text + "}}";
}

std::optional<Surroundings> read_surroundings(std::string_view line) {
  if (!line.starts_with(kBegin)) return std::nullopt;
  return read_line(line, [](const json& object) {
    const Fields outer(object, "", {kPath});
    const Fields fields(outer.at(kPath), std::string(kPath),
                        {"past", "apart", "held", "kept"});
    Surroundings s;
    s.past = read_offset(fields, "past");
    s.apart = read_offset(fields, "apart");
    if (const json* held = fields.find("held")) {
      s.held = as_integer<std::uint8_t>(*held, fields.path("held"));
    }
    if (const json* kept = fields.find("kept")) {
      s.kept = as_integer<std::uint8_t>(*kept, fields.path("kept"));
    }
    return s;
  });
}

}  // namespace exactbn
