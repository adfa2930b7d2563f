// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace exactbn {

// Lines of a report, of at most 100 columns. Text may be foreign: it is made
// printable.

// A line, cut where it is longer.
std::string cut_line(std::string_view text);

// "  where  y[0,0]". Empty where the text is.
std::string text_line(std::string_view key, const std::string& text);

// The same over as many lines as it takes: the cause may stand at its end.
std::string text_lines(std::string_view key, std::string_view text);

}  // namespace exactbn
