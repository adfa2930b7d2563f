// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace exactbn {

// Foreign text as one line of valid UTF-8: '?' for control characters, U+FFFD
// for bytes that are not UTF-8. It cannot break a report or steer a terminal.
std::string printable(std::string_view text);

}  // namespace exactbn
