// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "reference/exact.h"

namespace exactbn {

// Whether doubles with an error bound answer first, and exact integers only
// where the bound leaves the rounding open or a channel has few values; or
// integers alone. The bits are the same.
enum class Filter : std::uint8_t { on, off };

// How many values each layer answered.
struct FilterCounts {
  std::int64_t by_bound = 0;
  std::int64_t by_integers = 0;
};

// An output of ExactBatchNorm, correctly rounded: ExactBatchNorm::rounded, but
// at the speed of double arithmetic. Beyond the result it needs memory for a
// few blocks and the coefficients of the channels. Throws
// std::invalid_argument on an output that the operation has not.
Tensor rounded(const ExactBatchNorm& exact, Output output, DType dtype,
               Filter filter = Filter::on, FilterCounts* counts = nullptr);

}  // namespace exactbn
