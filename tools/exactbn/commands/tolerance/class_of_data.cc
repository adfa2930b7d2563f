// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/tolerance/class_of_data.h"

#include <algorithm>

#include "oracles/judge/tolerances.h"
#include "reference/draw.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

Problem draw_problem(const ClassOfData& data, std::uint64_t seed) {
  const StandardEnvironment environment;
  Draw draw(seed);
  Problem p;
  p.operation = data.operation;
  p.channel_axis = data.channel_axis;
  p.epsilon = data.epsilon;
  p.momentum = data.momentum;
  p.inputs.emplace(Input::x, Tensor(data.dtype, data.shape));
  const DType wide = usual_accumulation(data.dtype);
  const auto value = [&](Input name) {
    switch (name) {
      case Input::x:
        return data.mean + data.deviation * draw.normal();
      case Input::gamma:
        return draw.between(0.5, 1.5);
      case Input::running_mean:
        return data.mean;
      case Input::running_var:
        return data.deviation * data.deviation;
      default:
        return draw.normal();
    }
  };
  for (const Input name : inputs_of(data.operation)) {
    Tensor tensor(shaped_like_x(name) ? data.dtype : wide, shape_of(p, name));
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      tensor.set_bits(i, round_to(value(name), tensor.dtype()));
    }
    p.inputs.insert_or_assign(name, std::move(tensor));
  }
  require_valid(p);
  return p;
}

std::int64_t usual_draws(const ClassOfData& data) {
  constexpr std::int64_t kValues = std::int64_t{1} << 22;
  return std::clamp<std::int64_t>(kValues / element_count(data.shape), 8, 512);
}

}  // namespace exactbn
