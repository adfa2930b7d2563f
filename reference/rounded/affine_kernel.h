// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "reference/rounded/affine_form.h"

namespace exactbn {

// Evaluates the forms at n places, all of one form or each of its own, where
// input j at place i is in[j][i], with an error bound (bounds.md, "The fast
// path"), and rounds to dtype where the bound decides the rounding. Writes the
// values rounded, as doubles, and whether the rounding is open; the value is
// then void. Returns how many are open. Coefficients are 0, or of magnitude
// 2^-900 to 2^900, or NaN, which leaves the place open. The same results on
// every processor.
std::int64_t evaluate(const FormColumns& forms,
                      const std::array<const double*, FormColumns::kMost>& in,
                      std::int64_t n, DType dtype, double* rounded,
                      std::uint8_t* open);

}  // namespace exactbn
