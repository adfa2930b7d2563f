// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "oracles/defects/model.h"

namespace exactbn {

// Arithmetic in stated precision, simulated: every operation is one of doubles,
// rounded. That is exact for the shorter formats, which have less than half the
// digits of a double.

double rounded(double value, DType format);

// The value with the digits of the format, however large or small.
double rounded_digits(double value, DType format);

// Of infinite precision, but with the range of the format: beyond it infinity,
// and subnormals lose digits.
double ranged(Wide value, DType format);

// `round` (value, format) follows each addition.
using Rounding = double (*)(double, DType);
double sum_in(const std::vector<double>& terms, DType format, Order order,
              Rounding round = rounded);

// A column of a matrix whose values are doubles.
std::vector<double> column(const WideMatrix& a, Eigen::Index c);

// f(a_i) for every value.
template <class F>
std::vector<double> each(std::vector<double> a, const F& f) {
  for (double& value : a) value = f(value);
  return a;
}

// Whether x comes in a format shorter than that of the usual sums.
inline bool is_short(const Pass& pass) {
  return pass.problem.x().dtype() != pass.working;
}

}  // namespace exactbn
