// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace exactbn {

// The text for XML and HTML. It must be without control characters, which
// XML 1.0 does not have.
std::string escaped(std::string_view text);

}  // namespace exactbn
