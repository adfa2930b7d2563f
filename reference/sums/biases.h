// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "reference/sums/estimate_kernels.h"

namespace exactbn::estimate {

// What biased sums begin with: 1.5 2^52 units, so large that each stays in its
// binade and is a multiple of its unit (bounds.md).
class Biases {
 public:
  // By the first of the n values of a part, of f64; dy may be null. None where
  // they do not tell a unit.
  static std::optional<Biases> of(const double* x, const double* dy,
                                  std::int64_t n);

  Totals begin() const;

  // Takes them off again; false where a sum has left its binade.
  bool end(Totals& totals) const;

  // What sums of so many rows are off by, all lanes together.
  double error(std::size_t sum, std::int64_t rows) const;

 private:
  void set(Sum sum, int unit);

  std::array<double, kSums> of_{};
};

}  // namespace exactbn::estimate
