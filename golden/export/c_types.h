// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace exactbn {

// The C header that every exported header includes: types, and functions that
// read a value and judge an answer. C99 and C++11; string.h is its only
// library.
extern const std::string_view kCTypes;

}  // namespace exactbn
