// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace exactbn {

// Lines of a report, of at most 100 columns. Foreign text is made printable.

// One line, truncated if it is longer.
std::string cut_line(std::string_view text);

// "  where  y[0,0]". Empty if the text is.
std::string text_line(std::string_view key, const std::string& text);

// The same, wrapped over several lines: the cause may be at the end.
std::string text_lines(std::string_view key, std::string_view text);

}  // namespace exactbn
