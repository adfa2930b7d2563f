// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/problem.h"

namespace exactbn {

// The output of an early layer of a residual network, 6.4 million values.
inline const Shape kLayer = {32, 64, 56, 56};
// That of the first one, 25.7 million: more than most caches hold.
inline const Shape kLargeLayer = {32, 64, 112, 112};

// So many tensors of a shape are worked on in turn, so that the caches of no
// processor that we know hold one when it comes again.
std::size_t turns_of(const Shape& shape);

// Training on x (and dy) of normal numbers, gamma and beta given.
Problem activations(Operation operation, DType dtype, const Shape& shape,
                    int channel_axis = 1);

}  // namespace exactbn
