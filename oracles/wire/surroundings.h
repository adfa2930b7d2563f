// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "oracles/surroundings.h"

namespace exactbn {

// A line between this program and the process of a plugin (serve.h), which
// tells of the memory of the next case: {"surroundings":{"past":1,"held":165}}.
// A field that is not there is as above.
std::string write_surroundings(const Surroundings& surroundings);
// Nothing where the line begins as no such line does. Throws WireError.
std::optional<Surroundings> read_surroundings(std::string_view line);

}  // namespace exactbn
