// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

#include "reference/draw.h"
#include "reference/problem.h"

namespace exactbn {

// A tensor whose values are drawn by bits(draw, dtype); by default finite, with
// any exponent.
template <class Bits = decltype(draw_bits)>
Tensor drawn(Draw& draw, DType dtype, const Shape& shape,
             const Bits& bits = draw_bits) {
  Tensor tensor(dtype, shape);
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.set_bits(i, bits(draw, dtype));
  }
  return tensor;
}

// Bits of values around a mean, with deviation 1.
inline auto normal_around(double mean) {
  return [mean](Draw& draw, DType dtype) {
    return round_to(mean + draw.normal(), dtype);
  };
}

// The absolute values.
inline Tensor magnitudes(Tensor tensor) {
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    tensor.set_bits(i, magnitude(tensor.bits(i), tensor.dtype()));
  }
  return tensor;
}

// Like `drawn`, but the values of half of the tensors lie within a few binades,
// so that they cancel.
inline Tensor drawn_wide_or_narrow(Draw& draw, DType dtype,
                                   const Shape& shape) {
  const bool narrow = draw.below(2) == 0;
  const std::uint64_t first = draw_bits(draw, dtype);
  const std::uint64_t near =
      std::min<std::uint64_t>(2048, format(dtype).overflow() / 8);
  return drawn(draw, dtype, shape, [&](Draw& each, DType) {
    const std::uint64_t bits =
        narrow ? first + each.below(2 * near) - near : draw_bits(each, dtype);
    return is_finite(bits, dtype) ? bits : first;
  });
}

// Calls action(name) for every input that the operation may have.
template <class Do>
void each_input(Operation operation, const Do& action) {
  for (const Input name : inputs_of(operation)) action(name);
}

// Two channels of up to six values, and parameters of any kind.
inline Problem any_problem(Draw& draw, Operation operation, DType dtype) {
  Problem p;
  p.operation = operation;
  const auto m = static_cast<std::int64_t>(1 + draw.below(6));
  p.inputs[Input::x] = drawn_wide_or_narrow(draw, dtype, {m, 2});
  p.epsilon = draw.below(4) == 0 ? 0 : std::fabs(draw.normal());
  if (draw.below(4) == 0) p.epsilon = std::ldexp(p.epsilon, -100);
  if (draw.below(4) != 0) p.momentum = draw.unit();
  p.batches_tracked = static_cast<std::int64_t>(draw.below(5));
  const bool mixed = draw.below(4) == 0;  // every input in its own format
  each_input(operation, [&](Input name) {
    if (name == Input::x || (name == Input::gamma && draw.below(4) == 0))
      return;
    const DType its = mixed ? kDTypes[draw.below(kDTypes.size())] : dtype;
    Tensor t = drawn_wide_or_narrow(draw, its, shape_of(p, name));
    p.inputs[name] = name == Input::running_var ? magnitudes(t) : t;
  });
  return p;
}

// A problem with every input; all bits are finite, with any exponent.
inline Problem any_bits(Draw& draw, Operation operation, DType dtype,
                        const Shape& shape) {
  Problem p;
  p.operation = operation;
  p.epsilon = draw.unit();
  p.inputs[Input::x] = Tensor(dtype, shape);
  each_input(operation, [&](Input name) {
    p.inputs[name] = drawn(draw, dtype, shape_of(p, name));
  });
  return p;
}

}  // namespace exactbn
