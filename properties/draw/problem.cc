// SPDX-License-Identifier: Apache-2.0
#include "properties/draw/problem.h"

#include <algorithm>
#include <array>

#include "reference/draw/midpoints.h"
#include "reference/draw/near_midpoints.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

template <class List>
auto pick(Draw& draw, const List& list) {
  return list[draw.below(list.size())];
}

// Above this size, drawing each value from all modes takes too long and finds
// nothing that smaller tensors do not.
constexpr std::int64_t kLong = 4096;

ChannelMode draw_mode(Draw& draw, std::int64_t size) {
  if (size > kLong) {
    return draw.below(3) == 0 ? ChannelMode::scaled : ChannelMode::ordinary;
  }
  // Real data are mostly like these.
  if (draw.below(3) == 0) {
    return draw.below(2) == 0 ? ChannelMode::ordinary : ChannelMode::scaled;
  }
  return pick(draw, kChannelModes);
}

double draw_epsilon(Draw& draw) {
  constexpr std::array all = {0.0,
                              static_cast<double>(1e-5F),
                              static_cast<double>(1e-5F),
                              static_cast<double>(1e-3F),
                              static_cast<double>(1e-12F),
                              0x1p-60,
                              1.0,
                              3.0,
                              0x1p20};
  const std::uint64_t kind = draw.below(all.size() + 1);
  if (kind < all.size()) return all[kind];
  const std::uint64_t bits = magnitude(draw_bits(draw, DType::f32), DType::f32);
  return to_double(bits, DType::f32);
}

std::optional<double> draw_momentum(Draw& draw) {
  constexpr std::array all = {
      0.0, 0.125, static_cast<double>(0.1F), 0.5, static_cast<double>(0.9F),
      1.0};
  if (draw.below(4) == 0) return std::nullopt;
  return pick(draw, all);
}

// Format of the parameters: that of x; for a short x sometimes f32, as in most
// kernels.
DType draw_parameter_format(Draw& draw, DType x) {
  const bool is_short = format(x).width < 32;
  return is_short && draw.below(2) == 0 ? DType::f32 : x;
}

struct ProblemBuilder {
  Draw& draw;
  Problem problem = {};
  Traits traits = {};

  void add(Input name, DType dtype) {
    const Shape shape = shape_of(problem, name);
    const bool like_x = shaped_like_x(name);
    Tensor tensor =
        draw_tensor(draw, dtype, shape, like_x ? problem.channel_axis : 0,
                    to_string(name), like_x ? &traits : nullptr);
    if (!like_x) draw_parameters(name, tensor);
    problem.inputs.insert_or_assign(name, std::move(tensor));
  }

  // Parameters are drawn like x, but half of the tensors hold usual values, so
  // that errors elsewhere stay visible.
  void draw_parameters(Input name, Tensor& tensor) {
    const bool is_variance = name == Input::running_var;
    const bool usual = draw.below(2) == 0;
    for (std::int64_t c = 0; c < tensor.size(); ++c) {
      const DType dtype = tensor.dtype();
      if (usual) {
        const double unit = 0.5 + draw.unit();
        const double value = is_variance ? unit : draw.sign() * 2 * unit;
        tensor.set_bits(c, round_to(value, dtype));
      } else if (draw.below(6) == 0) {
        tensor.set_bits(c, 0);
      }
      if (is_variance) tensor.set_bits(c, magnitude(tensor.bits(c), dtype));
    }
  }

  void make(Operation operation, DType dtype, const Layout& layout) {
    problem.operation = operation;
    problem.channel_axis = layout.channel_axis;
    problem.epsilon = draw_epsilon(draw);
    problem.batches_tracked = static_cast<std::int64_t>(draw.below(4));
    problem.momentum = draw_momentum(draw);
    problem.inputs.emplace(Input::x, Tensor(dtype, layout.shape));
    add(Input::x, dtype);
    const DType parameter = draw_parameter_format(draw, dtype);
    const OperationTraits& of = exactbn::traits(operation);
    const auto format_of = [&](Input name) {
      return shaped_like_x(name) ? dtype : parameter;
    };
    for (const Input name : of.required) {
      if (name != Input::x) add(name, format_of(name));
    }
    for (const Input name : of.optional) {
      if (draw.below(4) != 0) add(name, format_of(name));
    }
  }

  // Puts a NaN or an infinity into an input that is shaped like x.
  void make_special() {
    InputNames names;
    for (const auto& [name, tensor] : problem.inputs) {
      if (shaped_like_x(name)) names.push_back(name);
    }
    const Input name = names[draw.below(names.size())];
    Tensor& tensor = problem.inputs.at(name);
    const ChannelView view = problem.view();
    const std::int64_t c = static_cast<std::int64_t>(
        draw.below(static_cast<std::uint64_t>(view.channels)));
    const auto bits =
        draw_channel(draw, tensor.dtype(), ChannelMode::special, view.count());
    for (std::int64_t k = 0; k < view.count(); ++k) {
      tensor.set_bits(view.offset(c, k), bits[static_cast<std::size_t>(k)]);
    }
    traits.push_back({to_string(name), to_string(ChannelMode::special)});
  }
};

// Sums that stop growing in f32; counts beyond the range of f16.
void make_long_sum(Draw& draw, ProblemBuilder& builder) {
  constexpr std::int64_t kCount = 1 << 18;
  builder.problem.epsilon = static_cast<double>(1e-5F);
  Tensor x(DType::f32, {4, 1, kCount / 4});
  const double step = draw.below(2) == 0 ? 0x1p-8 : 0x1p-7;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double value = i % 2 == 0 ? 1 : 1 + step;
    x.set_bits(i, round_to(value, DType::f32));
  }
  builder.problem.inputs.emplace(Input::x, std::move(x));
  builder.traits = {{to_string(Input::x), "long sum"}};
}

template <class Each>
bool is_drawn(const std::vector<Each>& drawn, Each each) {
  return drawn.empty() ||
         std::find(drawn.begin(), drawn.end(), each) != drawn.end();
}

// A problem with an answer at or next to the midpoint of two values of the
// format.
std::optional<Problem> draw_midpoint(Draw& draw, const DrawOptions& options,
                                     DType dtype) {
  if (format(dtype).width < 16) return std::nullopt;
  std::vector<Problem> all;
  const auto add = [&](const auto& midpoints) {
    for (const auto& midpoint : midpoints) {
      if (is_drawn(options.operations, midpoint.problem.operation)) {
        all.push_back(midpoint.problem);
      }
    }
  };
  switch (draw.below(6)) {
    case 0:
      add(ties_of_y(draw, dtype));
      break;
    case 1:
      add(ties_of_any_y(draw, dtype));
      break;
    case 2:
      add(ties_of_sums(draw, dtype));
      break;
    case 3:
      add(ties_of_gradients(draw, dtype));
      break;
    case 4:
      add(ties_of_variance(draw, dtype));
      break;
    default:
      add(hard_by_epsilon(draw, dtype));
  }
  if (all.empty()) return std::nullopt;
  return pick(draw, all);
}

void add_traits(Drawn& drawn) {
  const Problem& p = drawn.problem;
  const std::int64_t m = p.view().count();
  const auto bin = [](std::int64_t n) {
    return n <= 1      ? "up to 1"
           : n <= 4    ? "up to 4"
           : n <= 16   ? "up to 16"
           : n <= 64   ? "up to 64"
           : n <= 256  ? "up to 256"
           : n <= 1024 ? "up to 1024"
           : n <= 4096 ? "up to 4096"
                       : "more than 4096";
  };
  const auto add = [&drawn](std::string_view kind, std::string_view value) {
    drawn.traits.push_back({kind, value});
  };
  add("operation", to_string(p.operation));
  add("format", format(p.x().dtype()).name);
  const int rank = static_cast<int>(p.x().shape().size());
  constexpr std::string_view kRanks = "012345";
  add("rank", kRanks.substr(static_cast<std::size_t>(rank), 1));
  add("channel axis", p.channel_axis == 1          ? "second"
                      : p.channel_axis == rank - 1 ? "last"
                                                   : "other");
  add("values a channel", bin(m));
  add("channels", bin(p.view().channels));
  add("epsilon", p.epsilon == 0 ? "0" : p.epsilon < 1e-6 ? "tiny" : "usual");
}

}  // namespace

Tensor draw_tensor(Draw& draw, DType dtype, const Shape& shape,
                   int channel_axis, std::string_view kind, Traits* traits) {
  const StandardEnvironment environment;
  Tensor tensor(dtype, shape);
  const ChannelView view(shape, channel_axis);
  PooledVector<std::uint64_t> bits;
  for (std::int64_t c = 0; c < view.channels; ++c) {
    const ChannelMode mode = draw_mode(draw, tensor.size());
    bits = draw_channel(draw, dtype, mode, view.count(), bits);
    std::size_t k = 0;
    view.each_offset(c, [&](std::int64_t i) { tensor.set_bits(i, bits[k++]); });
    if (traits) traits->push_back({kind, to_string(mode)});
  }
  return tensor;
}

Problem draw_problem(Draw& draw, Operation operation, DType dtype) {
  const StandardEnvironment environment;
  ProblemBuilder builder{draw};
  builder.make(operation, dtype, draw_layout(draw, Profile::small));
  return std::move(builder.problem);
}

Drawn draw_case(const DrawOptions& options, std::uint64_t seed,
                std::uint64_t index) {
  const StandardEnvironment environment;
  // Mix the seed first: SplitMix64 streams that start close together overlap.
  Draw of_seed(seed);
  Draw draw(Draw(of_seed.bits() ^ index).bits());
  const DType dtype =
      options.dtypes.empty() ? pick(draw, kDTypes) : pick(draw, options.dtypes);
  const Operation operation = options.operations.empty()
                                  ? pick(draw, kOperations)
                                  : pick(draw, options.operations);
  ProblemBuilder builder{draw};
  const std::uint64_t kind = draw.below(480);
  std::optional<Problem> midpoint;
  if (kind < 24) midpoint = draw_midpoint(draw, options, dtype);
  const bool is_long =
      kind >= 24 && kind < 26 && options.profile != Profile::small &&
      is_drawn(options.dtypes, DType::f32) &&
      is_drawn(options.operations, Operation::forward_training);
  if (midpoint) {
    builder.problem = std::move(*midpoint);
    builder.traits = {{to_string(Input::x), "midpoint"}};
  } else if (is_long) {
    make_long_sum(draw, builder);
  } else {
    builder.make(operation, dtype, draw_layout(draw, options.profile));
    if (kind >= 440) builder.make_special();
  }
  Drawn drawn{std::move(builder.problem), std::move(builder.traits)};
  add_traits(drawn);
  return drawn;
}

}  // namespace exactbn
