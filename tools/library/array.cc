// SPDX-License-Identifier: Apache-2.0
#include "tools/library/array.h"

#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "oracles/printable.h"
#include "reference/parallel_for.h"
#include "tools/library/entry.h"

namespace exactbn {

namespace {

constexpr int kMostAxes = 5;

// Memory is addressed by 47 bits; so this is beyond any array, and offsets of
// elements do not overflow.
constexpr std::int64_t kMostElements = std::int64_t{1} << 47;

struct Axes {
  Shape extents;
  Shape strides;
};

Axes axes_of(const exactbn_array& array, const std::string& name) {
  if (array.rank < 1 || array.rank > kMostAxes) {
    throw InvalidArgument(fmt::format("{}.rank: {}, expected 1 to {}", name,
                                      array.rank, kMostAxes));
  }
  require_given(array.shape, name + ".shape");
  Axes axes;
  axes.extents.assign(array.shape, array.shape + array.rank);
  try {
    element_count(axes.extents);
  } catch (const std::invalid_argument& error) {
    throw InvalidArgument(name + ": " + error.what());
  }
  axes.strides.resize(axes.extents.size());
  std::int64_t dense = 1;
  for (std::size_t i = axes.extents.size(); i-- > 0;) {
    axes.strides[i] = array.strides ? array.strides[i] : dense;
    dense *= axes.extents[i];
    const std::int64_t most = kMostElements / axes.extents[i];
    if (axes.strides[i] > most || axes.strides[i] < -most) {
      throw InvalidArgument(fmt::format("{}.strides[{}]: {} is out of range",
                                        name, i, axes.strides[i]));
    }
  }
  return axes;
}

bool is_dense(const Axes& axes) {
  std::int64_t dense = 1;
  for (std::size_t i = axes.extents.size(); i-- > 0;) {
    if (axes.extents[i] > 1 && axes.strides[i] != dense) return false;
    dense *= axes.extents[i];
  }
  return true;
}

// Copies rows of the last axis to their places in row-major order.
template <std::size_t width>
void gather(const Axes& axes, const std::byte* from, std::byte* to) {
  const std::size_t last = axes.extents.size() - 1;
  const std::int64_t row = axes.extents[last];
  const std::int64_t stride =
      axes.strides[last] * static_cast<std::int64_t>(width);
  const std::int64_t rows = element_count(axes.extents) / row;
  const auto copy_row = [&](std::int64_t r) {
    std::int64_t offset = 0;
    std::int64_t rest = r;
    for (std::size_t i = last; i-- > 0;) {
      offset += rest % axes.extents[i] * axes.strides[i];
      rest /= axes.extents[i];
    }
    const std::byte* source = from + offset * static_cast<std::int64_t>(width);
    std::byte* target = to + r * row * static_cast<std::int64_t>(width);
    for (std::int64_t i = 0; i < row; ++i) {
      std::memcpy(target, source, width);
      source += stride;
      target += width;
    }
  };
  constexpr std::int64_t kMany = 1 << 16;  // elements
  parallel_for(ParallelLoop{rows, rows * row > kMany,
                            std::max<std::int64_t>(1, kMany / row)},
               copy_row);
}

void gather(const Axes& axes, const void* from, Tensor& to) {
  const auto* const source = static_cast<const std::byte*>(from);
  std::byte* const target = to.bytes().data();
  switch (width_in_bytes(to.dtype())) {
    case 8:
      return gather<8>(axes, source, target);
    case 4:
      return gather<4>(axes, source, target);
    case 2:
      return gather<2>(axes, source, target);
    default:
      return gather<1>(axes, source, target);
  }
}

}  // namespace

DType dtype_of(const char* name, const std::string& argument) {
  require_given(name, argument);
  if (const auto dtype = parse_dtype(name)) return *dtype;
  std::string known;
  for (const DType each : kDTypes) {
    known += known.empty() ? "" : ", ";
    known += format(each).name;
  }
  throw InvalidArgument(fmt::format("{}: unknown format '{}'; expected {}",
                                    argument, shortened(name), known));
}

Shape shape_of(const exactbn_array& array) {
  return axes_of(array, shortened(array.name)).extents;
}

void require_shape(const exactbn_array& array, const Shape& expected) {
  const Shape shape = shape_of(array);
  if (shape == expected) return;
  throw InvalidArgument(fmt::format("{}.shape: {}, expected {}",
                                    shortened(array.name), to_string(shape),
                                    to_string(expected)));
}

Tensor tensor_of(const exactbn_array& array) {
  const std::string name = shortened(array.name);
  const DType dtype = dtype_of(array.dtype, name + ".dtype");
  const Axes axes = axes_of(array, name);
  require_given(array.data, name + ".data");
  const bool is_aligned =
      reinterpret_cast<std::uintptr_t>(array.data) % width_in_bytes(dtype) == 0;
  if (is_dense(axes) && is_aligned) {
    return Tensor::borrowed(dtype, axes.extents, array.data);
  }
  Tensor tensor(dtype, axes.extents);
  gather(axes, array.data, tensor);
  return tensor;
}

exactbn_array array_of(const char* name, const Tensor& tensor) {
  return {name,
          format(tensor.dtype()).name.data(),
          tensor.bytes().data(),
          static_cast<std::int32_t>(tensor.shape().size()),
          tensor.shape().data(),
          nullptr};
}

}  // namespace exactbn
