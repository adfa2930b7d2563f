// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "reference/tensor.h"

namespace exactbn {

// The values [begin, begin + n) as doubles, exactly: in `buffer`, or where they
// are doubles already.
const double* load_block(const Tensor& tensor, std::int64_t begin,
                         std::int64_t n, double* buffer);

// Where to put n values for store_block: `buffer`, or, where they are doubles,
// their place in the tensor.
double* block_target(Tensor& tensor, std::int64_t begin, double* buffer);

// Writes values that the format of the tensor holds exactly, and anything for
// others.
void store_block(const double* values, std::int64_t begin, std::int64_t n,
                 Tensor& tensor);

}  // namespace exactbn
