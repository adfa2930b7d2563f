// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace exactbn {

// Breaks the text at blanks into lines of at most 100 columns. The first begins
// with `head`, the others with as many blanks.
std::string wrapped(const std::string& head, const std::string& text);

}  // namespace exactbn
