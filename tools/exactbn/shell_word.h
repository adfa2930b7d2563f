// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace exactbn {

// The text as one word of a shell command line: unchanged, or 'in quotes' if
// it contains characters that are special to a shell.
std::string shell_word(std::string_view text);

}  // namespace exactbn
