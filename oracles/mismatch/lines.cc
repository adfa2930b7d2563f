// SPDX-License-Identifier: Apache-2.0
#include "oracles/mismatch/lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "oracles/printable.h"

namespace exactbn {

namespace {

constexpr std::size_t kColumns = 100;

// The length of a line of at most `most` bytes that does not split a UTF-8
// character.
std::size_t end_of_line(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  while (most > 1 && (text[most] & 0xc0) == 0x80) --most;
  return most;
}

}  // namespace

std::string cut_line(std::string_view text) {
  std::string line = printable(text);
  if (line.size() > kColumns) {
    line = line.substr(0, end_of_line(line, kColumns - 3)) + "...";
  }
  return line + '\n';
}

std::string text_line(std::string_view key, const std::string& text) {
  return text.empty() ? "" : cut_line(fmt::format("  {:<5}  {}", key, text));
}

std::string text_lines(std::string_view key, std::string_view text) {
  const std::size_t width = kColumns - text_line(key, " ").size() + 2;
  const std::string all = printable(text);
  std::string_view rest = all;
  std::string lines;
  while (!rest.empty()) {
    std::size_t end = end_of_line(rest, width);
    const std::size_t space = rest.substr(0, end + 1).rfind(' ');
    if (end < rest.size() && space != rest.npos && space > 0) end = space;
    lines +=
        text_line(lines.empty() ? key : "", std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ', end)));
  }
  return lines;
}

}  // namespace exactbn
