// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "reference/number/surd.h"

namespace exactbn {

// Prints s to `digits` significant decimal digits, correctly rounded (ties to
// even), as C's %.*e with digits - 1 prints a double: -1.50e+00, 0.00e+00,
// 5e-324. digits >= 1.
std::string to_decimal(const Surd& s, int digits);

}  // namespace exactbn
