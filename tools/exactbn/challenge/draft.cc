// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/challenge/draft.h"

#include <algorithm>
#include <array>
#include <optional>

namespace exactbn {

namespace {

// Numbers that f32 holds, since a kernel may take its parameters as such.
constexpr std::array kMomenta = {0.125, 0.09375, 0.25, 0.5, 0.015625};

DType parameter_format(const Exercise& exercise) {
  const DType x = exercise.paper.dtype;
  const bool is_short = format(x).width < 32;
  return is_short && exercise.settings.parameters == ParameterFormat::f32
             ? DType::f32
             : x;
}

// A divisor of n, drawn.
std::int64_t draw_divisor(Draw& draw, std::int64_t n) {
  std::vector<std::int64_t> divisors;
  for (std::int64_t d = 1; d * d <= n; ++d) {
    if (n % d != 0) continue;
    divisors.push_back(d);
    divisors.push_back(n / d);
  }
  return pick(draw, divisors);
}

// The axes that the declaration covers, for a rank.
std::vector<int> axes_of(const Exercise& exercise, int rank) {
  std::vector<int> axes;
  for (int axis = 0; axis < rank; ++axis) {
    Problem p;
    p.operation = exercise.paper.operation;
    p.channel_axis = axis;
    p.inputs.emplace(
        Input::x,
        Tensor(exercise.paper.dtype, Shape(static_cast<std::size_t>(rank), 1)));
    if (!why_unsupported(exercise.declaration, p)) axes.push_back(axis);
  }
  return axes;
}

}  // namespace

Draft::Draft(Draw& draw, const Exercise& exercise, const Layout& layout)
    : draw_(draw),
      exercise_(exercise),
      view_(layout.shape, layout.channel_axis) {
  problem_.operation = exercise.paper.operation;
  problem_.channel_axis = layout.channel_axis;
  problem_.epsilon = static_cast<double>(1e-5F);
  problem_.momentum = pick(draw, kMomenta);
  problem_.inputs.emplace(Input::x, Tensor(exercise.paper.dtype, layout.shape));
  for (const Input name : inputs_of(problem_.operation)) add(name);
  const double mean = draw.between(-1, 1);
  set(Input::x,
      [&](std::int64_t, std::int64_t, double was) { return was + mean; });
}

void Draft::add(Input name) {
  const bool like_x = shaped_like_x(name);
  const DType dtype =
      like_x ? exercise_.paper.dtype : parameter_format(exercise_);
  Tensor tensor(dtype, shape_of(problem_, name));
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    double value = draw_.normal();
    if (name == Input::gamma) value = draw_.between(0.5, 1.5);
    if (name == Input::running_var) value = draw_.between(0.5, 2);
    if (name == Input::beta || name == Input::running_mean) value /= 2;
    tensor.set_bits(i, round_to(value, dtype));
  }
  problem_.inputs.insert_or_assign(name, std::move(tensor));
}

Layout draw_layout(Draw& draw, const Exercise& exercise, std::int64_t channels,
                   std::int64_t m, bool turned) {
  const int rank = pick(draw, exercise.settings.ranks);
  const std::vector<int> axes = axes_of(exercise, rank);
  const bool has_1 = std::find(axes.begin(), axes.end(), 1) != axes.end();
  Layout layout;
  layout.channel_axis = 1;
  if (!axes.empty() && (turned || !has_1)) {
    // Of several axes, not 1.
    do {
      layout.channel_axis = pick(draw, axes);
    } while (layout.channel_axis == 1 && axes.size() > 1);
  }
  std::int64_t rest = m;
  for (int axis = 0; axis + 2 < rank; ++axis) {
    layout.shape.push_back(draw_divisor(draw, rest));
    rest /= layout.shape.back();
  }
  const auto at =
      static_cast<std::ptrdiff_t>(draw.below(layout.shape.size() + 1));
  layout.shape.insert(layout.shape.begin() + at, rest);
  layout.shape.insert(layout.shape.begin() + layout.channel_axis, channels);
  return layout;
}

Layout draw_everyday(Draw& draw, const Exercise& exercise) {
  constexpr std::uint64_t kLayouts = 4;
  Draw of_layout =
      stream(exercise.seed, "layout " + std::to_string(draw.below(kLayouts)));
  constexpr std::array kChannels = {3, 4, 8, 16, 32, 5};
  constexpr std::array kCounts = {8, 18, 32, 49, 64, 100, 128};
  const std::int64_t channels = pick(of_layout, kChannels);
  return draw_layout(of_layout, exercise, channels, pick(of_layout, kCounts));
}

}  // namespace exactbn
