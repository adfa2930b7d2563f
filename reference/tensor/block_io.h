// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "reference/tensor.h"

namespace exactbn {

// The values [begin, begin + n) as doubles, exactly: in `buffer`, or in place
// if they are doubles already.
const double* load_block(const Tensor& tensor, std::int64_t begin,
                         std::int64_t n, double* buffer);

// Where to put n values for store_block: `buffer`, or their place in the tensor
// if it holds doubles.
double* block_target(Tensor& tensor, std::int64_t begin, double* buffer);

// Stores values that the tensor's format holds exactly; for others the result
// is unspecified.
void store_block(const double* values, std::int64_t begin, std::int64_t n,
                 Tensor& tensor);

}  // namespace exactbn
