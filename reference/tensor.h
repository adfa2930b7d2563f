// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "reference/format.h"
#include "reference/zeroed_pages.h"

namespace exactbn {

using Shape = std::vector<std::int64_t>;

// The product of the extents. Throws std::invalid_argument on an extent below 1
// or a product above 2^40.
std::int64_t element_count(const Shape& shape);

// 2x3x5x7
std::string to_string(const Shape& shape);

// A dense row-major array of one format, in the machine's byte order.
class Tensor {
 public:
  Tensor() = default;
  // All +0. Throws std::invalid_argument as element_count does.
  Tensor(DType dtype, Shape shape);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t size() const { return size_; }

  std::uint64_t bits(std::int64_t i) const;
  void set_bits(std::int64_t i, std::uint64_t bits);

  // The value of element i: as a double, which is exact, or as a number.
  double value(std::int64_t i) const { return to_double(bits(i), dtype_); }
  Dyadic exact(std::int64_t i) const { return decode(bits(i), dtype_); }
  bool finite(std::int64_t i) const { return is_finite(bits(i), dtype_); }
  bool all_finite() const;

  std::span<const std::byte> bytes() const { return data_; }
  std::span<std::byte> bytes() { return data_; }

  bool operator==(const Tensor& other) const = default;

 private:
  DType dtype_ = DType::f64;
  Shape shape_;
  std::int64_t size_ = 0;
  std::vector<std::byte, ZeroedPages<std::byte>> data_;
};

// The format, the shape and the first values: "f32 2x3 {1, 0.5, -2, 7, ...}".
std::ostream& operator<<(std::ostream& os, const Tensor& tensor);

// Values rounded to dtype. Throws std::invalid_argument where their number is
// not that of the shape.
Tensor make_tensor(DType dtype, Shape shape, std::span<const double> values);

// The channels of a row-major shape: `outer` x `channels` x `inner`. Channel c
// has count() = outer * inner values, and value k of it lies at offset(c, k).
// NC, NCL, NCHW, NCDHW, NHWC and every other channel axis are this one view.
struct ChannelView {
  std::int64_t outer = 1;
  std::int64_t channels = 1;
  std::int64_t inner = 1;

  // Throws std::invalid_argument where the axis is out of range.
  ChannelView(const Shape& shape, int channel_axis);

  std::int64_t count() const { return outer * inner; }
  std::int64_t offset(std::int64_t c, std::int64_t k) const {
    return ((k / inner) * channels + c) * inner + k % inner;
  }
  std::int64_t channel(std::int64_t offset) const {
    return (offset / inner) % channels;
  }
};

}  // namespace exactbn
