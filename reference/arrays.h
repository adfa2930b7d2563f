// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/tensor.h"

namespace exactbn {

// Plain row-major arrays as tensors, bit for bit. All throw
// std::invalid_argument where the number of values is not that of the shape.

// An f64 tensor, and an f32 one.
Tensor tensor_of(Shape shape, std::span<const double> values);
Tensor tensor_of(Shape shape, std::span<const float> values);

// A tensor of the bit patterns of f16 or bf16, and of a format of 8 bits.
// Throw std::invalid_argument where the format has another width, too.
Tensor tensor_of(DType dtype, Shape shape, std::span<const std::uint16_t> bits);
Tensor tensor_of(DType dtype, Shape shape, std::span<const std::uint8_t> bits);

// The values of a tensor, exactly. Throws std::invalid_argument where floats
// are asked of an f64 tensor.
std::vector<double> doubles_of(const Tensor& tensor);
std::vector<float> floats_of(const Tensor& tensor);

}  // namespace exactbn
