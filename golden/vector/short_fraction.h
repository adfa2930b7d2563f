// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "reference/number/surd.h"

namespace exactbn {

// The number as "n" or "n/d" in lowest terms, if it is a fraction (q = 0, or w
// is a square) of at most 16 characters; else empty.
std::string short_fraction(const Surd& s);

}  // namespace exactbn
