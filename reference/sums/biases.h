// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "reference/sums/estimate_kernels.h"

namespace exactbn::estimate {

// The initial values of biased sums: 1.5 2^52 units each, so large that a sum
// stays in its binade and remains a multiple of its unit (bounds.md).
class Biases {
 public:
  // Chooses the biases from the first n values of a part; dy may be null.
  // Returns nullopt if these values determine no unit.
  static std::optional<Biases> of(const double* x, const double* dy,
                                  std::int64_t n);

  Totals begin() const;

  // Subtracts the biases again; false if a sum has left its binade.
  bool end(Totals& totals) const;

  // A bound of the error of a sum over all lanes after `rows` rows.
  double error(std::size_t sum, std::int64_t rows) const;

 private:
  void set(Sum sum, int unit);

  std::array<double, kSums> bias_{};
};

}  // namespace exactbn::estimate
