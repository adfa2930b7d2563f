// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iosfwd>
#include <span>
#include <string>

#include "reference/format.h"
#include "reference/tensor/bytes.h"
#include "reference/tensor/shape.h"

namespace exactbn {

// The product of the extents. Throws std::invalid_argument on an extent below 1
// or a product above 2^40.
std::int64_t element_count(const Shape& shape);

// 2x3x5x7
std::string to_string(const Shape& shape);

// A dense row-major array of one format, in the machine's byte order.
class Tensor {
 public:
  Tensor() = default;
  // All values are +0. Throws std::invalid_argument as element_count does.
  Tensor(DType dtype, Shape shape);

  // Reads the values where they are, without a copy: they must outlive this
  // tensor and those that it is moved to, be aligned for the format, and not
  // change meanwhile. A copy of the tensor has memory of its own, and so has
  // the tensor once it is written to. Throws as above.
  static Tensor borrowed(DType dtype, Shape shape, const void* values);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t size() const { return size_; }

  std::uint64_t bits(std::int64_t i) const {
    switch (width_in_bytes(dtype_)) {
      case 8:
        return load<std::uint64_t>(i);
      case 4:
        return load<std::uint32_t>(i);
      case 2:
        return load<std::uint16_t>(i);
      default:
        return load<std::uint8_t>(i);
    }
  }
  void set_bits(std::int64_t i, std::uint64_t bits) {
    switch (width_in_bytes(dtype_)) {
      case 8:
        return store<std::uint64_t>(i, bits);
      case 4:
        return store<std::uint32_t>(i, bits);
      case 2:
        return store<std::uint16_t>(i, bits);
      default:
        return store<std::uint8_t>(i, bits);
    }
  }

  // The exact value of element i, as a double or a Dyadic.
  double value(std::int64_t i) const { return to_double(bits(i), dtype_); }
  Dyadic exact(std::int64_t i) const { return decode(bits(i), dtype_); }
  bool finite(std::int64_t i) const { return is_finite(bits(i), dtype_); }
  bool all_finite() const;

  // Gets all values, as `value` does; sets all values, rounded from doubles.
  // The spans have size() elements.
  void values_to(std::span<double> values) const;
  void round_values(std::span<const double> values);

  std::span<const std::byte> bytes() const {
    return {data_.data(), data_.size()};
  }
  std::span<std::byte> bytes() { return {data_.data(), data_.size()}; }

  bool operator==(const Tensor& other) const = default;

 private:
  // Native integers of the format's width, at any alignment.
  template <class Word>
  Word load(std::int64_t i) const {
    Word word;
    std::memcpy(&word, data_.data() + i * std::int64_t{sizeof word},
                sizeof word);
    return word;
  }
  template <class Word>
  void store(std::int64_t i, std::uint64_t bits) {
    const auto word = static_cast<Word>(bits);
    std::memcpy(data_.data() + i * std::int64_t{sizeof word}, &word,
                sizeof word);
  }
  template <DType dtype>
  void decode_all(double* to) const;
  template <DType dtype>
  void round_all(const double* from);

  DType dtype_ = DType::f64;
  Shape shape_;
  std::int64_t size_ = 0;
  TensorBytes data_;
};

// The format, the shape and the first values: "f32 2x3 {1, 0.5, -2, 7, ...}".
std::ostream& operator<<(std::ostream& os, const Tensor& tensor);

// A tensor of values rounded to dtype. Throws std::invalid_argument if their
// number does not match the shape.
Tensor make_tensor(DType dtype, Shape shape, std::span<const double> values);

[[noreturn]] void throw_channel_axis(int channel_axis, int rank);

// The channels of a row-major shape: `outer` x `channels` x `inner`. Channel c
// has count() = outer * inner values, and its value k lies at offset(c, k). NC,
// NCL, NCHW, NCDHW, NHWC and every other channel axis are this one view.
struct ChannelView {
  std::int64_t outer = 1;
  std::int64_t channels = 1;
  std::int64_t inner = 1;

  // Throws std::invalid_argument if the axis is out of range.
  ChannelView(const Shape& shape, int channel_axis) {
    const int rank = static_cast<int>(shape.size());
    if (channel_axis < 0 || channel_axis >= rank) {
      throw_channel_axis(channel_axis, rank);
    }
    const std::int64_t* const extents = shape.data();
    for (int axis = 0; axis < channel_axis; ++axis) outer *= extents[axis];
    channels = extents[channel_axis];
    for (int axis = channel_axis + 1; axis < rank; ++axis) {
      inner *= extents[axis];
    }
  }

  std::int64_t count() const { return outer * inner; }
  std::int64_t offset(std::int64_t c, std::int64_t k) const {
    if (inner == 1) return k * channels + c;  // avoids the divisions
    return ((k / inner) * channels + c) * inner + k % inner;
  }
  std::int64_t channel(std::int64_t offset) const {
    return (offset / inner) % channels;
  }
  // Calls action(offset) for the values of a channel in order, without the
  // divisions of `offset`.
  template <class Do>
  void each_offset(std::int64_t c, const Do& action) const {
    for (std::int64_t o = 0; o < outer; ++o) {
      const std::int64_t first = (o * channels + c) * inner;
      for (std::int64_t k = 0; k < inner; ++k) action(first + k);
    }
  }
};

}  // namespace exactbn
