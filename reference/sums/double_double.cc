// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/double_double.h"

#include <cmath>
#include <limits>

#include "reference/format.h"

namespace exactbn {

DoubleDouble nearest_pair(const Surd& s) {
  if (sign(s) == 0) return {0, 0};
  const double high = to_double(round_to(s, DType::f64), DType::f64);
  const double size = std::fabs(high);
  if (!(size >= 0x1p-900 && size <= 0x1p900)) {
    return {std::numeric_limits<double>::quiet_NaN(), 0};
  }
  return {high, to_double(round_to(s - dyadic(high), DType::f64), DType::f64)};
}

}  // namespace exactbn
