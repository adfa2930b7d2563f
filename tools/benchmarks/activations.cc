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
  problem.inputs["x"] = Tensor(dtype, shape);
  Draw draw(1);
  const InputNames& names = input_names(operation);
  for (const auto* list : {&names.required, &names.optional}) {
    for (const std::string_view name : *list) {
      if (name.starts_with("running")) continue;
      Tensor tensor(dtype, output_shape(problem, name));
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        tensor.set_bits(i, round_to(draw.normal(), dtype));
      }
      problem.inputs.insert_or_assign(std::string(name), std::move(tensor));
    }
  }
  return problem;
}

}  // namespace exactbn
