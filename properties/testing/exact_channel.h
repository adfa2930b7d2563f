// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/draw.h"
#include "reference/exact/backward.h"
#include "reference/exact/forward.h"

namespace exactbn {

// Batch normalization of one channel of exact numbers: sums of floating-point
// numbers, products with a matrix, and what else no format holds.
struct ExactChannel {
  std::vector<Dyadic> x;
  std::vector<Dyadic> dy;
  Dyadic epsilon;
  Channel shared;

  ExactChannel(std::vector<Dyadic> x_, std::vector<Dyadic> dy_,
               const Dyadic& epsilon_);

  Surd y(std::size_t i) const { return y_of(shared, x[i]); }
  Surd dx(std::size_t i) const { return dx_by_batch(shared, x[i], dy[i]); }
};

// Values in a mode of their own, in a format of their own.
std::vector<Dyadic> draw_exact(Draw& draw, std::size_t m);

Dyadic sum(const std::vector<Dyadic>& values);

// Whether the rational parts are equal, and the multiples of a root too.
bool same(const Surd& a, const Surd& b);

}  // namespace exactbn
