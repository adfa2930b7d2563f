// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/draw.h"
#include "reference/exact/backward.h"
#include "reference/exact/forward.h"

namespace exactbn {

// Batch normalization of one channel of exact numbers, which need not fit a
// format: sums of floating-point numbers, products with a matrix, ...
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

// m values of a drawn format and channel mode.
std::vector<Dyadic> draw_exact(Draw& draw, std::size_t m);

Dyadic sum(const std::vector<Dyadic>& values);

// Whether two surds have equal rational parts and equal root parts.
bool same(const Surd& a, const Surd& b);

}  // namespace exactbn
