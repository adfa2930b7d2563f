// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace exactbn {

// What the build embeds in the program, of tools/exactbn/page: the style, and
// the script with its charting library, empty where its packages are not there.
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

}  // namespace exactbn
