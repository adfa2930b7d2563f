// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace exactbn {

// The characters of foreign text that are shown.
inline constexpr std::size_t kMostShown = 2000;

// Valid UTF-8 that is short enough to be shown: a longer text is cut in the
// middle, where its length is told, since its cause may be at the end.
std::string shortened(std::string text);

// Foreign text as one line of valid UTF-8 for any report: '?' for characters
// that could steer a terminal, change the direction of the text or make XML
// invalid, U+FFFD for bytes that are not UTF-8. Longer text is cut, and its
// length is told.
std::string printable(std::string_view text);

}  // namespace exactbn
