// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/exactbn/options.h"

namespace exactbn {

// Judges the model of every defect on the cases, and writes a JSON report if a
// file is given. Returns 0 if each model fails at least two cases, else 1.
int validate_defects(const Selection& selection, const std::string& json_file);

}  // namespace exactbn
