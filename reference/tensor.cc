// SPDX-License-Identifier: Apache-2.0
#include "reference/tensor.h"

#include <algorithm>
#include <cstring>
#include <ostream>
#include <stdexcept>

namespace exactbn {

namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

std::size_t width_in_bytes(DType dtype) {
  return static_cast<std::size_t>(format(dtype).width) / 8;
}

// The machine's own integer of the format's width, at any alignment.
template <class Word>
Word load(const std::byte* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
template <class Word>
void store(std::byte* to, std::uint64_t bits) {
  const auto word = static_cast<Word>(bits);
  std::memcpy(to, &word, sizeof word);
}

}  // namespace

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 1) {
      throw std::invalid_argument("shape " + to_string(shape) +
                                  " has an extent below 1");
    }
    if (extent > kMostElements / count) {
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
    : dtype_(dtype), shape_(std::move(shape)), size_(element_count(shape_)) {
  data_.resize(static_cast<std::size_t>(size_) * width_in_bytes(dtype));
}

std::uint64_t Tensor::bits(std::int64_t i) const {
  const std::size_t width = width_in_bytes(dtype_);
  const std::byte* at = data_.data() + static_cast<std::size_t>(i) * width;
  if (width == 8) return load<std::uint64_t>(at);
  if (width == 4) return load<std::uint32_t>(at);
  if (width == 2) return load<std::uint16_t>(at);
  return load<std::uint8_t>(at);
}

void Tensor::set_bits(std::int64_t i, std::uint64_t bits) {
  const std::size_t width = width_in_bytes(dtype_);
  std::byte* at = data_.data() + static_cast<std::size_t>(i) * width;
  if (width == 8) return store<std::uint64_t>(at, bits);
  if (width == 4) return store<std::uint32_t>(at, bits);
  if (width == 2) return store<std::uint16_t>(at, bits);
  store<std::uint8_t>(at, bits);
}

bool Tensor::all_finite() const {
  for (std::int64_t i = 0; i < size_; ++i) {
    if (!finite(i)) return false;
  }
  return true;
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

ChannelView::ChannelView(const Shape& shape, int channel_axis) {
  const int rank = static_cast<int>(shape.size());
  if (channel_axis < 0 || channel_axis >= rank) {
    throw std::invalid_argument("channel axis " + std::to_string(channel_axis) +
                                " of a tensor of rank " + std::to_string(rank));
  }
  for (int axis = 0; axis < rank; ++axis) {
    const std::int64_t extent = shape[static_cast<std::size_t>(axis)];
    (axis < channel_axis    ? outer
     : axis == channel_axis ? channels
                            : inner) *= extent;
  }
}

}  // namespace exactbn
