// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "reference/rounded/affine_form.h"

namespace exactbn {

// Evaluates the forms at n places, where all places share one form or each has
// its own, with an error bound (bounds.md, "The fast path"). Input j at place i
// is in[j][i]. Rounds to dtype if the bound decides the rounding. Writes the
// rounded values, as doubles, and whether the rounding is open; the value is
// then meaningless. Returns the number of open places. Coefficients are 0, of
// magnitude 2^-900 to 2^900, or NaN, which leaves the place open. The results
// are the same on every processor.
std::int64_t evaluate(const FormColumns& forms,
                      const std::array<const double*, FormColumns::kMost>& in,
                      std::int64_t n, DType dtype, double* rounded,
                      std::uint8_t* open);

}  // namespace exactbn
