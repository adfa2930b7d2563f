// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "reference/exact.h"

namespace exactbn {

// Within one channel, every output shaped like x is an affine form of the
// inputs shaped like x, c_1 in_1 + ... + c_k in_k + c_0, with surds c_j:
//   y      = gamma/sqrt(w) x + (beta - gamma mean/sqrt(w))
//   dx     = gamma/sqrt(w) dy - gamma T/(m w sqrt(w)) x + ...
//   y_dot  = gamma/sqrt(w) u + (gamma_dot - gamma P/(m w))/sqrt(w) x + ...
//   grad_x = (...) x + (...) dy - gamma T/(m w sqrt(w)) u + ...
struct AffineForm {
  std::vector<Surd> slopes;  // c_1 ... c_k, in the order of form_inputs
  Surd offset;               // c_0
};

// The forms of consecutive places, each coefficient rounded to the sum of two
// doubles, high + low. Place i has form i modulo `width`, the index into each
// array.
struct FormColumns {
  static constexpr std::size_t kMost = 3;  // the largest k

  std::size_t k = 0;
  std::int64_t width = 1;
  std::array<const double*, kMost> high{};
  std::array<const double*, kMost> low{};
  const double* offset_high = nullptr;
  const double* offset_low = nullptr;
};

// The affine form of an output in a channel. Needs finite statistics, gamma,
// beta and sums, a finite direction if the operation has one, and root > 0.
AffineForm affine_form(Operation operation, Output output, const Channel& ch,
                       const Direction& along);

}  // namespace exactbn
