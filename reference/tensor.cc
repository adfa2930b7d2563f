// SPDX-License-Identifier: Apache-2.0
#include "reference/tensor.h"

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <type_traits>

#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;

// The unsigned integer of a format's width.
template <DType dtype>
using WordOf = std::conditional_t<
    width_in_bytes(dtype) == 8, std::uint64_t,
    std::conditional_t<width_in_bytes(dtype) == 4, std::uint32_t,
                       std::conditional_t<width_in_bytes(dtype) == 2,
                                          std::uint16_t, std::uint8_t>>>;

}  // namespace

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 1) {
      throw std::invalid_argument("shape " + to_string(shape) +
                                  " has an extent below 1");
    }
    // The division takes longer than the rest; most shapes do not need it.
    constexpr std::int64_t kFew = std::int64_t{1} << 20;
    const bool few = extent < kFew && count < kFew;
    if (!few && extent > kMaxElements / count) {
      throw std::invalid_argument("shape " + to_string(shape) +
                                  " has more than 2^40 elements");
    }
    count *= extent;
  }
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text;
  for (const std::int64_t extent : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(extent);
  }
  return text;
}

Tensor::Tensor(DType dtype, Shape shape)
    : dtype_(dtype),
      shape_(std::move(shape)),
      size_(element_count(shape_)),
      data_(static_cast<std::size_t>(size_) * width_in_bytes(dtype)) {}

Tensor Tensor::borrowed(DType dtype, Shape shape, const void* values) {
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.size_ = element_count(shape);
  tensor.shape_ = std::move(shape);
  tensor.data_ = TensorBytes::borrowed(
      values, static_cast<std::size_t>(tensor.size_) * width_in_bytes(dtype));
  return tensor;
}

template <DType dtype>
void Tensor::decode_all(double* to) const {
  for (std::int64_t i = 0; i < size_; ++i) {
    to[i] = to_double<dtype>(load<WordOf<dtype>>(i));
  }
}

void Tensor::values_to(std::span<double> values) const {
  const StandardEnvironment environment;
  with_dtype(dtype_, [&]<DType dtype>() { decode_all<dtype>(values.data()); });
}

template <DType dtype>
void Tensor::round_all(const double* from) {
  for (std::int64_t i = 0; i < size_; ++i) {
    store<WordOf<dtype>>(i, round_to<dtype>(from[i]));
  }
}

void Tensor::round_values(std::span<const double> values) {
  const StandardEnvironment environment;
  with_dtype(dtype_, [&]<DType dtype>() { round_all<dtype>(values.data()); });
}

bool Tensor::all_finite() const {
  return with_dtype(dtype_, [this]<DType dtype>() {
    for (std::int64_t i = 0; i < size_; ++i) {
      if (!is_finite(load<WordOf<dtype>>(i), dtype)) return false;
    }
    return true;
  });
}

std::ostream& operator<<(std::ostream& os, const Tensor& tensor) {
  constexpr std::int64_t kShown = 4;
  os << format(tensor.dtype()).name << ' ' << to_string(tensor.shape()) << " {";
  for (std::int64_t i = 0; i < std::min(kShown, tensor.size()); ++i) {
    os << (i > 0 ? ", " : "") << tensor.value(i);
  }
  return os << (tensor.size() > kShown ? ", ...}" : "}");
}

Tensor make_tensor(DType dtype, Shape shape, std::span<const double> values) {
  const StandardEnvironment environment;
  Tensor tensor(dtype, std::move(shape));
  if (tensor.size() != static_cast<std::int64_t>(values.size())) {
    throw std::invalid_argument("shape " + to_string(tensor.shape()) +
                                " does not hold " +
                                std::to_string(values.size()) + " values");
  }
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const double value = values[static_cast<std::size_t>(i)];
    tensor.set_bits(i, round_to(value, dtype));
  }
  return tensor;
}

void throw_channel_axis(int channel_axis, int rank) {
  throw std::invalid_argument("channel axis " + std::to_string(channel_axis) +
                              " is out of range for rank " +
                              std::to_string(rank));
}

}  // namespace exactbn
