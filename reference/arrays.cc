// SPDX-License-Identifier: Apache-2.0
#include "reference/arrays.h"

#include <cstring>
#include <stdexcept>

#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// Copies bits, so Value must be as wide as the format.
template <class Value>
Tensor copy_of(DType dtype, Shape shape, std::span<const Value> values) {
  Tensor tensor(dtype, std::move(shape));
  if (format(dtype).width != 8 * sizeof(Value)) {
    throw std::invalid_argument(std::string(format(dtype).name) +
                                " does not have " +
                                std::to_string(8 * sizeof(Value)) + " bits");
  }
  if (tensor.size() != std::ssize(values)) {
    throw std::invalid_argument("shape " + to_string(tensor.shape()) +
                                " does not hold " +
                                std::to_string(values.size()) + " values");
  }
  std::memcpy(tensor.bytes().data(), values.data(), values.size_bytes());
  return tensor;
}

template <class Real>
std::vector<Real> values_of(const Tensor& tensor) {
  std::vector<Real> values(static_cast<std::size_t>(tensor.size()));
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    values[static_cast<std::size_t>(i)] = static_cast<Real>(tensor.value(i));
  }
  return values;
}

}  // namespace

Tensor tensor_of(Shape shape, std::span<const double> values) {
  return copy_of(DType::f64, std::move(shape), values);
}

Tensor tensor_of(Shape shape, std::span<const float> values) {
  return copy_of(DType::f32, std::move(shape), values);
}

Tensor tensor_of(DType dtype, Shape shape,
                 std::span<const std::uint16_t> bits) {
  return copy_of(dtype, std::move(shape), bits);
}

Tensor tensor_of(DType dtype, Shape shape, std::span<const std::uint8_t> bits) {
  return copy_of(dtype, std::move(shape), bits);
}

std::vector<double> doubles_of(const Tensor& tensor) {
  const StandardEnvironment environment;
  return values_of<double>(tensor);
}

std::vector<float> floats_of(const Tensor& tensor) {
  const StandardEnvironment environment;
  if (tensor.dtype() == DType::f64) {
    throw std::invalid_argument("an f64 tensor does not fit in floats");
  }
  return values_of<float>(tensor);
}

}  // namespace exactbn
