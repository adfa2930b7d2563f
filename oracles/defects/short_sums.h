// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "oracles/defects/model.h"

namespace exactbn {

// Simulated arithmetic in a given precision: every operation on doubles is
// rounded to the format. The result is exact for formats with less than half
// the digits of a double.

double rounded(double value, DType format);

// The value rounded to the digits of the format, with unlimited exponent.
double rounded_digits(double value, DType format);

// The value with unlimited precision but the range of the format: overflow
// gives infinity, and subnormals lose digits.
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

// Whether x has a shorter format than the usual sums.
inline bool is_short(const Pass& pass) {
  return pass.problem.x().dtype() != pass.working;
}

}  // namespace exactbn
