// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "reference/problem.h"

namespace exactbn {

// Problems made of others. What needs a value that a format does not hold gives
// nothing: no rounding may enter, or a law would not be one.

// The sum, or the product with 2^k, |k| < 1022, where the format holds it.
std::optional<std::uint64_t> exact_sum(std::uint64_t bits, double b,
                                       DType dtype);
std::optional<std::uint64_t> exact_scaled(std::uint64_t bits, int k,
                                          DType dtype);

// The tensor with each value replaced: nothing where one is not.
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

// All of one value; a tensor of that shape.
Tensor filled(DType dtype, const Shape& shape, double value);

// Every sign the other way round.
Tensor negated(const Tensor& tensor);

// The offsets of a channel's values, in their order.
PooledVector<std::int64_t> offsets(const ChannelView& view, std::int64_t c);

// Where each element of a problem was in the one that it was made of.
class Places {
 public:
  explicit Places(PooledVector<std::int64_t> places)
      : places_(std::move(places)) {}
  std::int64_t operator()(std::int64_t i) const {
    return places_[static_cast<std::size_t>(i)];
  }

 private:
  PooledVector<std::int64_t> places_;
};

struct Rearranged {
  Problem problem;
  Places places;
};

// The inputs with the values of each channel, those shaped like x, in another
// order: value k of a channel is that which was at order[k]. The shape stays.
Rearranged reordered(const Problem& problem,
                     const std::vector<std::int64_t>& order);

// Those positions of every channel alone: shape [positions, channels].
Rearranged restricted(const Problem& problem,
                      const std::vector<std::int64_t>& positions);

// The channels as another axis.
Rearranged with_channel_axis(const Problem& problem, int axis);

// The same without those inputs.
Problem without(Problem problem, std::initializer_list<Input> names);

// The same, asked another way; inputs that the operation does not take are
// dropped.
Problem as(Operation operation, Problem problem);

}  // namespace exactbn
