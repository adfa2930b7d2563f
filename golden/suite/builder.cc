// SPDX-License-Identifier: Apache-2.0
#include "golden/suite/builder.h"

#include <utility>

#include "golden/suite/case_id.h"
#include "reference/draw.h"

namespace exactbn::suite {

namespace {

// f16 and bf16 are too narrow for statistics; practice keeps them in f32.
DType parameter_dtype(DType x) { return x == DType::f64 ? x : DType::f32; }

Tensor draw_channels(Draw& draw, DType dtype, std::int64_t channels, double low,
                     double high, bool any_sign) {
  Tensor tensor(dtype, {channels});
  for (std::int64_t c = 0; c < channels; ++c) {
    const double value = draw.between(low, high);
    tensor.set_bits(c, round_to(any_sign ? draw.sign() * value : value, dtype));
  }
  return tensor;
}

Tensor draw_x(Draw& draw, DType dtype, const Shape& shape, int channel_axis) {
  Tensor x(dtype, shape);
  const ChannelView view(shape, channel_axis);
  for (std::int64_t c = 0; c < view.channels; ++c) {
    const double sign = draw.sign();
    const double mean = sign * draw.between(0.75, 2);
    const double deviation = draw.between(0.5, 1.5);
    for (std::int64_t k = 0; k < view.count(); ++k) {
      x.set_bits(view.offset(c, k),
                 round_to(mean + deviation * draw.normal(), dtype));
    }
  }
  return x;
}

Tensor draw_dy(Draw& draw, DType dtype, const Shape& shape) {
  Tensor dy(dtype, shape);
  for (std::int64_t i = 0; i < dy.size(); ++i) {
    dy.set_bits(i, round_to(0.25 + draw.normal(), dtype));
  }
  return dy;
}

Tensor* find_input(Problem& problem, Input name) {
  const auto it = problem.inputs.find(name);
  return it == problem.inputs.end() ? nullptr : &it->second;
}

}  // namespace

Problem Suite::draw(std::string_view label, Operation operation, DType dtype,
                    const Shape& shape, int channel_axis) const {
  Fnv fnv;
  fnv.add(seed_);
  fnv.add(label);
  fnv.add(to_string(operation));
  fnv.add(format(dtype).name);
  fnv.add(to_string(shape));
  fnv.add(static_cast<std::uint64_t>(channel_axis));
  Draw draw(fnv.value());

  Problem p;
  p.operation = operation;
  p.channel_axis = channel_axis;
  p.epsilon = kEpsilon;
  const std::int64_t channels = ChannelView(shape, channel_axis).channels;
  const DType wide = parameter_dtype(dtype);
  const auto parameter = [&](double low, double high, bool any_sign) {
    return draw_channels(draw, wide, channels, low, high, any_sign);
  };
  p.inputs.emplace(Input::x, draw_x(draw, dtype, shape, channel_axis));
  p.inputs.emplace(Input::gamma, parameter(1.125, 1.875, true));
  if (operation == Operation::forward_training) p.momentum = kMomentum;
  const InputNames taken = inputs_of(operation);
  for (const Input name : {Input::beta, Input::gamma_dot, Input::beta_dot,
                           Input::ddgamma, Input::ddbeta}) {
    if (!taken.contains(name)) continue;
    p.inputs.emplace(name, parameter(0.25, 0.75, true));
  }
  for (const Input name : {Input::dy, Input::x_dot, Input::ddx}) {
    if (!taken.contains(name)) continue;
    p.inputs.emplace(name, draw_dy(draw, dtype, shape));
  }
  if (taken.contains(Input::running_mean)) {
    p.inputs.emplace(Input::running_mean, parameter(2.25, 3.75, true));
    p.inputs.emplace(Input::running_var, parameter(4, 7, false));
  }
  return p;
}

void Suite::add(Problem problem, std::initializer_list<std::string> labels) {
  require_valid(problem);
  std::string id = case_id(problem);
  cases_.push_back({std::move(id), std::move(problem), labels});
}

void set(Problem& problem, Input name, std::span<const double> values) {
  Tensor* tensor = find_input(problem, name);
  if (!tensor) return;
  for (std::int64_t i = 0; i < tensor->size(); ++i) {
    const double value = values[static_cast<std::size_t>(i) % values.size()];
    tensor->set_bits(i, round_to(value, tensor->dtype()));
  }
}

void set(Problem& problem, Input name, std::initializer_list<double> values) {
  set(problem, name, std::span(values.begin(), values.size()));
}

void set_channel(Problem& problem, Input name, std::int64_t channel,
                 std::initializer_list<double> values) {
  Tensor* tensor = find_input(problem, name);
  if (!tensor) return;
  const ChannelView view = problem.view();
  for (std::int64_t k = 0; k < view.count(); ++k) {
    const double value =
        values.begin()[static_cast<std::size_t>(k) % values.size()];
    tensor->set_bits(view.offset(channel, k), round_to(value, tensor->dtype()));
  }
}

void transform(Problem& problem, Input name, double scale, double offset) {
  Tensor* tensor = find_input(problem, name);
  if (!tensor) return;
  for (std::int64_t i = 0; i < tensor->size(); ++i) {
    const double value = tensor->value(i) * scale + offset;
    tensor->set_bits(i, round_to(value, tensor->dtype()));
  }
}

void convert(Problem& problem, Input name, DType dtype) {
  Tensor* tensor = find_input(problem, name);
  if (!tensor) return;
  Tensor converted(dtype, tensor->shape());
  for (std::int64_t i = 0; i < tensor->size(); ++i) {
    converted.set_bits(i, round_to(tensor->value(i), dtype));
  }
  *tensor = std::move(converted);
}

void rescale(Problem& problem, double factor) {
  transform(problem, Input::x, factor, 0);
  transform(problem, Input::running_mean, factor, 0);
  transform(problem, Input::running_var, factor * factor, 0);
}

void shift(Problem& problem, double distance) {
  transform(problem, Input::x, 1, distance);
  transform(problem, Input::running_mean, 1, distance);
}

}  // namespace exactbn::suite
