// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace exactbn {

// The smallest number of three decimal digits that is not below x, as text
// without a point: 123e-9, or 0. x >= 0 and finite.
std::string round_up(long double x);

// The text of a double that was read from the text of round_up.
std::string three_digits(double x);

}  // namespace exactbn
