// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <cstdint>

#include "reference/tensor.h"

namespace exactbn {

// m x C: column c holds the m values of channel c, contiguous.
template <class Real>
using Matrix = Eigen::Array<Real, Eigen::Dynamic, Eigen::Dynamic>;

// One value per channel.
template <class Real>
using Row = Eigen::Array<Real, 1, Eigen::Dynamic>;

// The m values of one channel, contiguous, to read and to write.
template <class Real>
using ChannelIn = Eigen::Map<const Eigen::Array<Real, Eigen::Dynamic, 1>>;
template <class Real>
using ChannelOut = Eigen::Map<Eigen::Array<Real, Eigen::Dynamic, 1>>;

template <class Real>
ChannelIn<Real> channel_of(const Matrix<Real>& a, Eigen::Index c) {
  return {a.col(c).data(), a.rows()};
}
template <class Real>
ChannelOut<Real> channel_of(Matrix<Real>& a, Eigen::Index c) {
  return {a.col(c).data(), a.rows()};
}

// The values of a tensor, exactly, in the order of ChannelView.
template <class Real>
Matrix<Real> to_matrix(const Tensor& tensor, int channel_axis) {
  const ChannelView view(tensor.shape(), channel_axis);
  Matrix<Real> a(view.count(), view.channels);
  for (std::int64_t c = 0; c < view.channels; ++c) {
    for (std::int64_t i = 0; i < view.count(); ++i) {
      a(i, c) = static_cast<Real>(tensor.value(view.offset(c, i)));
    }
  }
  return a;
}

// The values of a tensor of shape [channels], exactly.
template <class Real>
Row<Real> to_row(const Tensor& tensor) {
  return to_matrix<Real>(tensor, 0);
}

// A tensor of that shape, each value rounded to a double and then to dtype.
template <class Real>
Tensor to_tensor(const Matrix<Real>& a, DType dtype, const Shape& shape,
                 int channel_axis) {
  const ChannelView view(shape, channel_axis);
  Tensor tensor(dtype, shape);
  for (std::int64_t c = 0; c < view.channels; ++c) {
    for (std::int64_t i = 0; i < view.count(); ++i) {
      const auto value = static_cast<double>(a(i, c));
      tensor.set_bits(view.offset(c, i), round_to(value, dtype));
    }
  }
  return tensor;
}

// A tensor of shape [channels].
template <class Real>
Tensor to_tensor(const Row<Real>& a, DType dtype) {
  return to_tensor<Real>(Matrix<Real>(a), dtype, {a.cols()}, 0);
}

}  // namespace exactbn
