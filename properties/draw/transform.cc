// SPDX-License-Identifier: Apache-2.0
#include "properties/draw/transform.h"

#include <cmath>
#include <iterator>
#include <numeric>

#include "reference/ulp.h"

namespace exactbn {

PooledVector<std::int64_t> offsets(const ChannelView& view, std::int64_t c) {
  PooledVector<std::int64_t> all;
  all.reserve(static_cast<std::size_t>(view.count()));
  view.each_offset(c, [&](std::int64_t i) { all.push_back(i); });
  return all;
}

namespace {

std::optional<std::uint64_t> exactly(double value, DType dtype) {
  if (!std::isfinite(value)) return std::nullopt;
  const std::uint64_t bits = round_to(value, dtype);
  if (!is_finite(bits, dtype) || to_double(bits, dtype) != value) {
    return std::nullopt;
  }
  return bits;
}

Shape shape_with_axis(const Problem& problem, int axis) {
  Shape shape = problem.x().shape();
  const std::int64_t channels =
      shape[static_cast<std::size_t>(problem.channel_axis)];
  shape.erase(shape.begin() + problem.channel_axis);
  shape.insert(shape.begin() + axis, channels);
  return shape;
}

// The problem in another shape: value k of each channel is the old value
// order[k].
Rearranged rearranged(const Problem& problem, const Shape& shape, int axis,
                      const std::vector<std::int64_t>& order) {
  const ChannelView from = problem.view();
  const ChannelView to(shape, axis);
  PooledVector<std::int64_t> indices(
      static_cast<std::size_t>(element_count(shape)));
  for (std::int64_t c = 0; c < to.channels; ++c) {
    const auto of_channel = offsets(from, c);
    auto position = order.begin();
    to.each_offset(c, [&](std::int64_t i) {
      indices[static_cast<std::size_t>(i)] =
          of_channel[static_cast<std::size_t>(*position++)];
    });
  }
  Rearranged result{problem, IndexMap(std::move(indices))};
  result.problem.channel_axis = axis;
  for (auto& [name, tensor] : result.problem.inputs) {
    if (!shaped_like_x(name)) continue;
    Tensor moved(tensor.dtype(), shape);
    for (std::int64_t i = 0; i < moved.size(); ++i) {
      moved.set_bits(i, tensor.bits(result.index_map(i)));
    }
    tensor = std::move(moved);
  }
  return result;
}

}  // namespace

std::optional<std::uint64_t> exact_sum(std::uint64_t bits, double b,
                                       DType dtype) {
  if (!is_finite(bits, dtype)) return std::nullopt;
  const double a = to_double(bits, dtype);
  // The rounding error of the sum (Knuth, TAOCP 2, section 4.2.2).
  const double sum = a + b;
  const double part = sum - a;
  const double rest = (a - (sum - part)) + (b - part);
  if (!std::isfinite(sum) || rest != 0) return std::nullopt;
  return exactly(sum, dtype);
}

std::optional<std::uint64_t> exact_scaled(std::uint64_t bits, int k,
                                          DType dtype) {
  if (!is_finite(bits, dtype)) return std::nullopt;
  const double value = to_double(bits, dtype);
  const double scaled = value * power_of_two(k);
  if (scaled * power_of_two(-k) != value) return std::nullopt;
  return exactly(scaled, dtype);
}

Tensor filled(DType dtype, const Shape& shape, double value) {
  Tensor tensor(dtype, shape);
  const std::uint64_t bits = round_to(value, dtype);
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set_bits(i, bits);
  return tensor;
}

Tensor negated(const Tensor& tensor) {
  Tensor result = tensor;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    result.set_bits(i, tensor.bits(i) ^ format(tensor.dtype()).sign_bit());
  }
  return result;
}

Rearranged reordered(const Problem& problem,
                     const std::vector<std::int64_t>& order) {
  return rearranged(problem, problem.x().shape(), problem.channel_axis, order);
}

Rearranged restricted(const Problem& problem,
                      const std::vector<std::int64_t>& positions) {
  const auto m = static_cast<std::int64_t>(positions.size());
  return rearranged(problem, {m, problem.view().channels}, 1, positions);
}

Rearranged with_channel_axis(const Problem& problem, int axis) {
  // The other axes keep their order, and so do the values of a channel.
  std::vector<std::int64_t> order(
      static_cast<std::size_t>(problem.view().count()));
  std::iota(order.begin(), order.end(), 0);
  return rearranged(problem, shape_with_axis(problem, axis), axis, order);
}

Problem without(Problem problem, std::initializer_list<Input> names) {
  for (const Input name : names) problem.inputs.erase(name);
  return problem;
}

Problem as(Operation operation, Problem problem) {
  problem.operation = operation;
  const InputNames names = inputs_of(operation);
  for (auto it = problem.inputs.begin(); it != problem.inputs.end();) {
    it = names.contains(it->first) ? std::next(it) : problem.inputs.erase(it);
  }
  return problem;
}

}  // namespace exactbn
