// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace exactbn {

// Escapes text for XML and HTML. The text must not contain control characters,
// which XML 1.0 does not allow.
std::string escaped(std::string_view text);

}  // namespace exactbn
