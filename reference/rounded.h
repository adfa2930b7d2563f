// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "reference/exact.h"

namespace exactbn {

// on: doubles with an error bound decide; exact integers decide only if the
// bound leaves the rounding open or a channel has few values. off: integers
// decide everything. The bits are the same.
enum class Filter : std::uint8_t { on, off };

// How many values each layer decided.
struct FilterCounts {
  std::int64_t by_bound = 0;
  std::int64_t by_integers = 0;
};

// The same as ExactBatchNorm::rounded, at the speed of double arithmetic.
// Besides the result it needs memory for a few blocks and the coefficients of
// the channels. Throws std::invalid_argument if the operation does not produce
// the output.
Tensor rounded(const ExactBatchNorm& exact, Output output, DType dtype,
               Filter filter = Filter::on, FilterCounts* counts = nullptr);

}  // namespace exactbn
