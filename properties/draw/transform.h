// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "reference/problem.h"

namespace exactbn {

// Problems derived from others without rounding, so that laws hold exactly.
// A function returns nothing if the format cannot represent a result.

// The sum with b, or the product with 2^k, |k| < 1022.
std::optional<std::uint64_t> exact_sum(std::uint64_t bits, double b,
                                       DType dtype);
std::optional<std::uint64_t> exact_scaled(std::uint64_t bits, int k,
                                          DType dtype);

// The tensor with each value replaced; nothing if one replacement fails.
template <class Replace>  // (bits, i) -> std::optional<std::uint64_t>
std::optional<Tensor> replaced(const Tensor& tensor, const Replace& replace) {
  Tensor result = tensor;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const std::optional<std::uint64_t> bits = replace(tensor.bits(i), i);
    if (!bits) return std::nullopt;
    result.set_bits(i, *bits);
  }
  return result;
}

// A tensor of that shape with all values equal.
Tensor filled(DType dtype, const Shape& shape, double value);

// The tensor with every sign flipped.
Tensor negated(const Tensor& tensor);

// The offsets of a channel's values, in their order.
PooledVector<std::int64_t> offsets(const ChannelView& view, std::int64_t c);

// Maps each element of a derived problem to its index in the original.
class IndexMap {
 public:
  explicit IndexMap(PooledVector<std::int64_t> indices)
      : indices_(std::move(indices)) {}
  std::int64_t operator()(std::int64_t i) const {
    return indices_[static_cast<std::size_t>(i)];
  }

 private:
  PooledVector<std::int64_t> indices_;
};

struct Rearranged {
  Problem problem;
  IndexMap index_map;
};

// The problem with the values of each channel in another order, in all inputs
// shaped like x: value k of a channel is the old value order[k]. The shape
// stays.
Rearranged reordered(const Problem& problem,
                     const std::vector<std::int64_t>& order);

// Only those positions of every channel: shape [positions, channels].
Rearranged restricted(const Problem& problem,
                      const std::vector<std::int64_t>& positions);

// The problem with the channels moved to another axis.
Rearranged with_channel_axis(const Problem& problem, int axis);

// The problem without those inputs.
Problem without(Problem problem, std::initializer_list<Input> names);

// The problem with another operation; inputs that it does not take are dropped.
Problem as(Operation operation, Problem problem);

}  // namespace exactbn
