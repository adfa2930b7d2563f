// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "reference/format.h"

namespace exactbn {

// Forms c_1 in_1 + ... + c_k in_k + c_0, each coefficient rounded to the sum
// of two doubles, high + low. Place i has the form `i`, or, where `same`, the
// form 0.
struct KernelForms {
  static constexpr std::size_t kMost = 3;  // k at most

  std::size_t k = 0;
  bool same = true;
  std::array<const double*, kMost> high{};
  std::array<const double*, kMost> low{};
  const double* offset_high = nullptr;
  const double* offset_low = nullptr;

  // The forms from place n on.
  void advance(std::int64_t n) {
    for (std::size_t j = 0; j < k; ++j) {
      high[j] += n;
      low[j] += n;
    }
    offset_high += n;
    offset_low += n;
  }
};

// Evaluates the forms at n places, where input j at place i is in[j][i], with
// an error bound (bounds.md, "The fast path"), and rounds to dtype where the
// bound decides the rounding. Writes the values rounded, as doubles, and
// whether the rounding is open; the value is then void. Returns how many are
// open. Coefficients are 0, or of magnitude 2^-900 to 2^900, or NaN, which
// leaves the place open. The same results on every processor.
std::int64_t evaluate(const KernelForms& forms,
                      const std::array<const double*, KernelForms::kMost>& in,
                      std::int64_t n, DType dtype, double* rounded,
                      std::uint8_t* open);

}  // namespace exactbn
