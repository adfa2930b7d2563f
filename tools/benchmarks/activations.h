// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/problem.h"

namespace exactbn {

// The output of an early layer of a residual network, 6.4 million values.
inline const Shape kLayer = {32, 64, 56, 56};
// The output of the first layer, 25.7 million values: more than most caches
// hold.
inline const Shape kLargeLayer = {32, 64, 112, 112};

// The number of tensors of a shape that a benchmark cycles through, so that no
// cache still holds one when it is used again.
std::size_t turns_of(const Shape& shape);

// A problem with normally distributed values, including gamma and beta.
Problem activations(Operation operation, DType dtype, const Shape& shape,
                    int channel_axis = 1);

}  // namespace exactbn
