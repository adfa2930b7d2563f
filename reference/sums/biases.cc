// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/biases.h"

#include <algorithm>
#include <cmath>

namespace exactbn::estimate {

namespace {

// The mean of all squares may exceed the largest square of the sample by this
// many binades.
constexpr int kMargin = 4;

int half_up(int n) { return (n + 1) >> 1; }

// The exponents of the units.
std::optional<int> unit_of_squares(const double* values, std::int64_t n) {
  double most = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    most = std::max(most, std::fabs(values[i]));
  }
  if (!(most >= 0x1p-400 && most <= 0x1p400)) return {};
  return 2 * (std::ilogb(most) + 1) + kMargin + kRowBits - 51;
}

int unit_of_values(int of_squares) {
  return half_up(51 + of_squares + kRowBits + 1) + 1 - 51;
}

}  // namespace

std::optional<Biases> Biases::of(const double* x, const double* dy,
                                 std::int64_t n) {
  Biases biases;
  const auto of_x = unit_of_squares(x, n);
  const auto of_dy = dy ? unit_of_squares(dy, n) : 0;
  if (!of_x || !of_dy) return {};
  biases.set(kXX, *of_x);
  biases.set(kX, unit_of_values(*of_x));
  if (!dy) return biases;
  biases.set(kDyDy, *of_dy);
  biases.set(kDy, unit_of_values(*of_dy));
  biases.set(kDyX, half_up(*of_x + *of_dy) + 1);
  return biases;
}

void Biases::set(Sum sum, int unit) { bias_[sum] = std::ldexp(1.5, 52 + unit); }

Totals Biases::begin() const {
  Totals totals;
  for (std::size_t s = 0; s < kSums; ++s) totals.high[s].fill(bias_[s]);
  return totals;
}

bool Biases::end(Totals& totals) const {
  for (std::size_t s = 0; s < kSums; ++s) {
    const bool square = s == kXX || s == kDyDy;
    for (double& sum : totals.high[s]) {
      sum -= bias_[s];
      if (square && !(sum <= bias_[s] / 3)) return false;
    }
  }
  return true;
}

double Biases::error(std::size_t sum, std::int64_t rows) const {
  const auto n = static_cast<double>(rows);
  return bias_[sum] * static_cast<double>(kLanes) * (n * n + n) * 0x1p-105;
}

}  // namespace exactbn::estimate
