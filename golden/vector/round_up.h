// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace exactbn {

// The least number of three decimal digits that is not below x, as text without
// a point: 123e-9, or 0. x >= 0 and finite.
std::string round_up(long double x);

// That of a number that came out of round_up as text and was read as a double.
std::string three_digits(double x);

}  // namespace exactbn
