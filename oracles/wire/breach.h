// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace exactbn {

// The last line of a process that serves a plugin, in place of an answer: what
// the plugin did that leaves its process unusable.
// {"broke":"wrote 4 bytes, 8 bytes past the end of y"}
std::string write_breach(std::string_view what);
// Nothing if the line does not begin as one. Throws WireError.
std::optional<std::string> read_breach(std::string_view line);

}  // namespace exactbn
