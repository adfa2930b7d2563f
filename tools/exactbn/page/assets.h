// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace exactbn {

// The parts of tools/exactbn/page that the build embeds in the program: the
// style, and the script with its charting library. The script is empty if its
// packages are not installed.
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

}  // namespace exactbn
