// SPDX-License-Identifier: Apache-2.0
#include "properties/transform.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "properties/power_of_two.h"

namespace exactbn {

namespace {

std::optional<std::uint64_t> exactly(double value, DType dtype) {
  if (!std::isfinite(value)) return std::nullopt;
  const std::uint64_t bits = round_to(value, dtype);
  if (!is_finite(bits, dtype) || to_double(bits, dtype) != value) {
    return std::nullopt;
  }
  return bits;
}

// A tensor of the values at those places.
Tensor picked(const Tensor& from, const Shape& shape,
              const std::function<std::int64_t(std::int64_t)>& place) {
  Tensor to(from.dtype(), shape);
  for (std::int64_t i = 0; i < to.size(); ++i) {
    to.set_bits(i, from.bits(place(i)));
  }
  return to;
}

}  // namespace

std::optional<std::uint64_t> exact_sum(std::uint64_t bits, double b,
                                       DType dtype) {
  if (!is_finite(bits, dtype)) return std::nullopt;
  const double a = to_double(bits, dtype);
  // What the addition rounds off (Knuth, TAOCP 2, section 4.2.2).
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

std::optional<Tensor> replaced(const Tensor& tensor, const Replace& replace) {
  Tensor result = tensor;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const auto bits = replace(tensor.bits(i), i);
    if (!bits) return std::nullopt;
    result.set_bits(i, *bits);
  }
  return result;
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

Problem reordered(const Problem& problem,
                  const std::vector<std::int64_t>& order) {
  const ChannelView view = problem.view();
  Problem result = problem;
  for (auto& [name, tensor] : result.inputs) {
    if (!shaped_like_x(name)) continue;
    const Tensor& from = problem.inputs.at(name);
    for (std::int64_t c = 0; c < view.channels; ++c) {
      for (std::int64_t k = 0; k < view.count(); ++k) {
        tensor.set_bits(
            view.offset(c, k),
            from.bits(view.offset(c, order[static_cast<std::size_t>(k)])));
      }
    }
  }
  return result;
}

Problem restricted(const Problem& problem,
                   const std::vector<std::int64_t>& positions) {
  const ChannelView view = problem.view();
  const auto m = static_cast<std::int64_t>(positions.size());
  Problem result = problem;
  result.channel_axis = 1;
  for (auto& [name, tensor] : result.inputs) {
    if (!shaped_like_x(name)) continue;
    tensor = picked(
        problem.inputs.at(name), {m, view.channels}, [&](std::int64_t i) {
          const auto k = static_cast<std::size_t>(i / view.channels);
          return view.offset(i % view.channels, positions[k]);
        });
  }
  return result;
}

namespace {

Shape shape_with_axis(const Problem& problem, int axis) {
  Shape shape = problem.x().shape();
  const std::int64_t channels =
      shape[static_cast<std::size_t>(problem.channel_axis)];
  shape.erase(shape.begin() + problem.channel_axis);
  shape.insert(shape.begin() + axis, channels);
  return shape;
}

}  // namespace

std::vector<std::int64_t> elements_with_axis(const Problem& problem, int axis) {
  const Shape shape = shape_with_axis(problem, axis);
  const ChannelView to(shape, axis);
  const ChannelView from = problem.view();
  std::vector<std::int64_t> places(
      static_cast<std::size_t>(problem.x().size()));
  // The other axes keep their order, and so do the values of a channel.
  for (std::int64_t c = 0; c < to.channels; ++c) {
    for (std::int64_t k = 0; k < to.count(); ++k) {
      places[static_cast<std::size_t>(to.offset(c, k))] = from.offset(c, k);
    }
  }
  return places;
}

Problem with_channel_axis(const Problem& problem, int axis) {
  const Shape shape = shape_with_axis(problem, axis);
  const auto places = elements_with_axis(problem, axis);
  Problem result = problem;
  result.channel_axis = axis;
  for (auto& [name, tensor] : result.inputs) {
    if (!shaped_like_x(name)) continue;
    tensor = picked(problem.inputs.at(name), shape, [&](std::int64_t i) {
      return places[static_cast<std::size_t>(i)];
    });
  }
  return result;
}

Problem without(Problem problem,
                std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    problem.inputs.erase(std::string(name));
  }
  return problem;
}

Problem as(Operation operation, Problem problem) {
  problem.operation = operation;
  const InputNames& names = input_names(operation);
  erase_if(problem.inputs, [&](const auto& input) {
    const auto is = [&](std::string_view name) { return name == input.first; };
    return std::none_of(names.required.begin(), names.required.end(), is) &&
           std::none_of(names.optional.begin(), names.optional.end(), is);
  });
  return problem;
}

}  // namespace exactbn
