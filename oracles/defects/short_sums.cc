// SPDX-License-Identifier: Apache-2.0
#include "oracles/defects/short_sums.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace exactbn {

namespace {

double pairwise_in(std::span<const double> terms, DType format,
                   Rounding round) {
  if (terms.size() == 1) return terms.front();
  const std::size_t half = terms.size() / 2;
  return round(pairwise_in(terms.first(half), format, round) +
                   pairwise_in(terms.subspan(half), format, round),
               format);
}

}  // namespace

double rounded(double value, DType format) {
  if (format == DType::f64) return value;
  if (format == DType::f32) return static_cast<float>(value);
  return to_double(round_to(value, format), format);
}

double rounded_digits(double value, DType dtype) {
  if (value == 0 || !std::isfinite(value)) return value;
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  const int digits = format(dtype).precision;
  return std::ldexp(std::nearbyint(std::ldexp(fraction, digits)),
                    exponent - digits);
}

double ranged(Wide value, DType dtype) {
  const Format f = format(dtype);
  const Wide size = std::fabs(value);
  if (size >= std::ldexp(Wide{1}, f.emax + 1) ||
      size < std::ldexp(Wide{1}, f.emin)) {
    return rounded(static_cast<double>(value), dtype);
  }
  return static_cast<double>(value);
}

double sum_in(const std::vector<double>& terms, DType format, Order order,
              Rounding round) {
  if (order == Order::pairwise) return pairwise_in(terms, format, round);
  constexpr std::size_t kLanes = 8;
  std::vector<double> lanes(order == Order::lanes ? kLanes : 1);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    double& lane = lanes[i % lanes.size()];
    const bool back = order == Order::reversed;
    lane = round(lane + terms[back ? terms.size() - 1 - i : i], format);
  }
  double sum = lanes.front();
  for (std::size_t i = 1; i < lanes.size(); ++i) {
    sum = round(sum + lanes[i], format);
  }
  return sum;
}

std::vector<double> column(const WideMatrix& a, Eigen::Index c) {
  std::vector<double> values(static_cast<std::size_t>(a.rows()));
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    values[static_cast<std::size_t>(i)] = static_cast<double>(a(i, c));
  }
  return values;
}

}  // namespace exactbn
