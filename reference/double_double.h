// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/surd.h"

namespace exactbn {

// The number high + low, low at most half an ulp of high.
struct DoubleDouble {
  double high;
  double low;
};

// A surd as the nearest double and the double nearest to the rest. NaN beyond
// 2^-900 to 2^900, where a product of it could leave the range of double.
DoubleDouble nearest_pair(const Surd& s);

}  // namespace exactbn
