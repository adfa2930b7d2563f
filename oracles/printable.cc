// SPDX-License-Identifier: Apache-2.0
#include "oracles/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace exactbn {

namespace {

using nlohmann::json;

std::string valid_utf8(std::string_view text) {
  const std::string quoted =
      json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  return json::parse(quoted).get<std::string>();
}

struct CodeRange {
  char32_t first;
  char32_t last;
};

// Characters without a shape of their own: they steer a terminal, turn the
// direction of what follows, end a line, or are none at all, such as those that
// XML forbids.
constexpr std::array<CodeRange, 10> kUnprintable = {{
    {0x0, 0x1f},
    {0x7f, 0x9f},      // delete, C1 controls
    {0x61c, 0x61c},    // direction
    {0x200e, 0x200f},  // direction
    {0x2028, 0x202e},  // ends of lines and paragraphs; direction
    {0x2060, 0x206f},  // invisible operators; direction
    {0xfdd0, 0xfdef},  // no characters
    {0xfeff, 0xfeff},  // byte order mark
    {0xfff9, 0xfffb},  // annotations
    {0xe0000, 0xe007f},
}};

bool is_printable(char32_t c) {
  return (c & 0xfffe) != 0xfffe &&
         std::none_of(
             kUnprintable.begin(), kUnprintable.end(),
             [c](const CodeRange& r) { return r.first <= c && c <= r.last; });
}

bool continues(char byte) { return (byte & 0xc0) == 0x80; }

// The character at the start of valid UTF-8.
std::string_view first_character(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && continues(text[size])) ++size;
  return text.substr(0, size);
}

char32_t code_point(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  char32_t code = lead & (0x7fU >> character.size());
  for (const char byte : character.substr(1)) code = code << 6 | (byte & 0x3f);
  return code;
}

}  // namespace

std::string shortened(std::string text) {
  const auto length = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), std::not_fn(continues)));
  if (length <= kMostShown) return text;
  const std::string note = fmt::format(" ... ({} characters) ... ", length);
  const std::size_t kept = kMostShown - note.size();
  // The places of the first character that is cut, and of the next one kept.
  const std::array ends = {kept / 2, length - (kept - kept / 2)};
  std::array<std::size_t, 2> at{};
  for (std::size_t i = 0, character = 0; i < text.size(); ++i) {
    if (continues(text[i])) continue;
    if (character == ends[0]) at[0] = i;
    if (character == ends[1]) at[1] = i;
    ++character;
  }
  return text.substr(0, at[0]) + note + text.substr(at[1]);
}

std::string printable(std::string_view text) {
  const std::string valid = shortened(valid_utf8(text));
  std::string line;
  for (std::string_view rest = valid; !rest.empty();) {
    const std::string_view character = first_character(rest);
    line += is_printable(code_point(character)) ? character : "?";
    rest.remove_prefix(character.size());
  }
  return line;
}

}  // namespace exactbn
