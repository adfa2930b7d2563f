// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "oracles/surroundings.h"

namespace exactbn {

// The line that sets the surroundings of the next case; this program sends it
// to the process of a plugin (serve.h): {"surroundings":{"past":1,"held":165}}.
// Absent fields have their default.
std::string write_surroundings(const Surroundings& surroundings);
// Nothing if the line does not begin like a line of surroundings. Throws
// WireError.
std::optional<Surroundings> read_surroundings(std::string_view line);

}  // namespace exactbn
