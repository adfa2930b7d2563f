// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/tensor.h"

namespace exactbn {

// Converts plain row-major arrays to tensors, bit for bit. All throw
// std::invalid_argument if the number of values does not match the shape.

// The formats are f64 and f32.
Tensor tensor_of(Shape shape, std::span<const double> values);
Tensor tensor_of(Shape shape, std::span<const float> values);

// From the bit patterns of a 16-bit or an 8-bit format. These also throw
// std::invalid_argument if the format has another width.
Tensor tensor_of(DType dtype, Shape shape, std::span<const std::uint16_t> bits);
Tensor tensor_of(DType dtype, Shape shape, std::span<const std::uint8_t> bits);

// Returns the values of a tensor, exactly. floats_of throws
// std::invalid_argument on an f64 tensor.
std::vector<double> doubles_of(const Tensor& tensor);
std::vector<float> floats_of(const Tensor& tensor);

}  // namespace exactbn
