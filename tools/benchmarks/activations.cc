// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/activations.h"

#include "reference/draw.h"

namespace exactbn {

std::size_t turns_of(const Shape& shape) {
  return static_cast<std::size_t>(16 * element_count(kLayer) /
                                  element_count(shape));
}

Problem activations(Operation operation, DType dtype, const Shape& shape,
                    int channel_axis) {
  Problem problem;
  problem.channel_axis = channel_axis;
  problem.operation = operation;
  problem.epsilon = 1e-5;
  problem.inputs[Input::x] = Tensor(dtype, shape);
  Draw draw(1);
  for (const Input name : inputs_of(operation)) {
    if (name == Input::running_mean || name == Input::running_var) continue;
    Tensor tensor(dtype, shape_of(problem, name));
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      tensor.set_bits(i, round_to(draw.normal(), dtype));
    }
    problem.inputs.insert_or_assign(name, std::move(tensor));
  }
  return problem;
}

}  // namespace exactbn
