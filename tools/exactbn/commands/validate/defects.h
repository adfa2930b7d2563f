// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/exactbn/options.h"

namespace exactbn {

// Asks the cases of every model of a defect, and writes a JSON report where a
// file is named. Returns 0 where each fails two cases or more, else 1.
int validate_defects(const Selection& selection, const std::string& json_file);

}  // namespace exactbn
