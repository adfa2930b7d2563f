// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "oracles/subject.h"

namespace exactbn {

// The fields of a declaration that follow from the convention of a framework in
// reference/conventions.h, with their words: momentum and running_variance.
// Throws std::invalid_argument, with the known names in the message, if the
// framework is unknown or no declaration can say what it does.
std::map<std::string, std::string> convention_fields(
    std::string_view framework);

// The declaration with the convention of a framework. Throws as above.
Declaration by_convention(Declaration declaration, std::string_view framework);

}  // namespace exactbn
