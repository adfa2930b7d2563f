// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace exactbn {

// The C header that every exported one includes: the types, how a value is read
// and how an answer is judged. C99 and C++11, with no library but memcpy.
extern const std::string_view kCTypes;

}  // namespace exactbn
