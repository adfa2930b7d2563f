// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/format.h"

namespace exactbn {

// The value of the format nearest to a number with hundreds of digits, ties to
// even, by floor and comparison with 1/2. It shares no code with format.cc, so
// that tests can compare the two. Numbers that are too large become infinities
// in any format.
template <class Real>
double nearest(const Real& value, DType dtype) {
  const Format f = format(dtype);
  if (value == 0) return 0;
  const int unit = std::max<int>(
      static_cast<int>(ilogb(value)) - f.precision + 1, f.quantum());
  const Real scaled = ldexp(Real(abs(value)), -unit);
  Real whole = floor(scaled);
  const Real rest = scaled - whole;
  const bool odd = floor(Real(whole / 2)) * 2 != whole;
  if (rest > Real(0.5) || (rest == Real(0.5) && odd)) whole += 1;
  const Real size = ldexp(whole, unit);
  const Real beyond =
      dtype == DType::f8e4m3fn ? Real(480) : ldexp(Real(1), f.emax + 1);
  if (size >= beyond) {
    return value.sign() * std::numeric_limits<double>::infinity();
  }
  return value.sign() * std::ldexp(static_cast<double>(whole), unit);
}

}  // namespace exactbn
