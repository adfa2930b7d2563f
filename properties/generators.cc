// SPDX-License-Identifier: Apache-2.0
#include "properties/generators.h"

#include <ostream>

namespace exactbn {

namespace {

template <class List>
auto pick(Draw& draw, const List& list) {
  return list[draw.below(list.size())];
}

std::uint64_t draw_sign(Draw& draw, const Format& f) {
  return draw.sign() < 0 ? f.sign_bit() : 0;
}

std::uint64_t draw_ordinary(Draw& draw, DType dtype) {
  return round_to(1.5 + draw.normal(), dtype);
}

// Within 8 units in the last place of a value, of its sign, and finite.
std::uint64_t draw_near(Draw& draw, DType dtype, std::uint64_t bits) {
  const std::uint64_t moved = bits + draw.below(8);
  return is_finite(moved, dtype) ? moved : bits;
}

std::uint64_t draw_value(Draw& draw, DType dtype, ChannelMode mode) {
  const Format f = format(dtype);
  const std::uint64_t hidden = std::uint64_t{1} << (f.precision - 1);
  switch (mode) {
    case ChannelMode::subnormal:
      return draw_sign(draw, f) | draw.below(hidden);
    case ChannelMode::near_overflow:
      return draw_sign(draw, f) | (f.overflow() - 1 - draw.below(hidden));
    case ChannelMode::powers_of_two:
      return draw_bits(draw, dtype) & ~(hidden - 1);
    case ChannelMode::iid:
      return draw_bits(draw, dtype);
    default:
      return draw_ordinary(draw, dtype);
  }
}

}  // namespace

std::vector<std::uint64_t> draw_channel(Draw& draw, DType dtype,
                                        ChannelMode mode, std::int64_t m) {
  const auto count = static_cast<std::size_t>(m);
  const std::uint64_t minus = format(dtype).sign_bit();
  const std::uint64_t base = draw_bits(draw, dtype);
  std::vector<std::uint64_t> bits(count);
  for (std::size_t k = 0; k < count; ++k) {
    switch (mode) {
      case ChannelMode::constant:
        bits[k] = base;
        break;
      case ChannelMode::far_mean:
        bits[k] = draw_near(draw, dtype, base);
        break;
      case ChannelMode::alternating:
        bits[k] = k % 2 == 0 ? base : base ^ minus;
        break;
      case ChannelMode::cancelling:
        // An odd one out stays, at the end.
        bits[k] = k < count / 2       ? draw_bits(draw, dtype)
                  : k < count / 2 * 2 ? bits[k - count / 2] ^ minus
                                      : draw_ordinary(draw, dtype);
        break;
      default:
        bits[k] = draw_value(draw, dtype, mode);
    }
  }
  if (mode == ChannelMode::outlier) bits[draw.below(count)] = base;
  return bits;
}

Tensor draw_tensor(Draw& draw, DType dtype, const Shape& shape,
                   int channel_axis) {
  Tensor tensor(dtype, shape);
  const ChannelView view(shape, channel_axis);
  for (std::int64_t c = 0; c < view.channels; ++c) {
    const ChannelMode mode = pick(draw, kChannelModes);
    const auto bits = draw_channel(draw, dtype, mode, view.count());
    for (std::int64_t k = 0; k < view.count(); ++k) {
      tensor.set_bits(view.offset(c, k), bits[static_cast<std::size_t>(k)]);
    }
  }
  return tensor;
}

Layout draw_layout(Draw& draw) {
  const auto upto = [&](std::uint64_t n) {
    return static_cast<std::int64_t>(1 + draw.below(n));
  };
  Layout layout;
  layout.shape = {upto(4)};
  std::int64_t m = layout.shape[0];
  const std::uint64_t rank = 2 + draw.below(4);
  while (layout.shape.size() + 1 < rank) {
    const std::int64_t extent = m > 12 ? 1 : upto(3);
    layout.shape.push_back(extent);
    m *= extent;
  }
  layout.channel_axis = static_cast<int>(draw.below(rank));
  layout.shape.insert(layout.shape.begin() + layout.channel_axis, upto(4));
  return layout;
}

Problem draw_problem(Draw& draw, Operation operation, DType dtype) {
  constexpr std::array epsilons = {0.0, 0x1p-60, static_cast<double>(1e-5F),
                                   1.0, 0x1p20};
  constexpr std::array momenta = {0.0, 0.125, static_cast<double>(0.1F), 1.0};
  const Layout layout = draw_layout(draw);
  Problem p;
  p.operation = operation;
  p.channel_axis = layout.channel_axis;
  p.epsilon = pick(draw, epsilons);
  p.batches_tracked = static_cast<std::int64_t>(draw.below(4));
  if (draw.below(4) != 0) p.momentum = pick(draw, momenta);
  p.inputs.emplace("x", draw_tensor(draw, dtype, layout.shape, p.channel_axis));

  const auto add = [&](std::string_view name) {
    const Shape shape = output_shape(p, name);
    const int axis = shaped_like_x(name) ? p.channel_axis : 0;
    Tensor tensor = draw_tensor(draw, dtype, shape, axis);
    if (name == "running_var") {
      for (std::int64_t c = 0; c < tensor.size(); ++c) {
        tensor.set_bits(c, magnitude(tensor.bits(c), dtype));
      }
    }
    p.inputs.emplace(name, std::move(tensor));
  };
  const InputNames& names = input_names(operation);
  for (const std::string_view name : names.required) {
    if (name != "x") add(name);
  }
  for (const std::string_view name : names.optional) {
    if (draw.below(4) != 0) add(name);
  }
  return p;
}

rc::Gen<Draw> draws() {
  // A smaller seed is not a smaller problem.
  return rc::gen::map(
      rc::gen::noShrink(rc::gen::resize(rc::kNominalSize,
                                        rc::gen::arbitrary<std::uint64_t>())),
      [](std::uint64_t seed) { return Draw(seed); });
}

rc::Gen<DType> dtypes() { return rc::gen::elementOf(kDTypes); }

rc::Gen<Problem> problems(Operation operation) {
  return rc::gen::apply(
      [operation](Draw draw, DType dtype) {
        return draw_problem(draw, operation, dtype);
      },
      draws(), dtypes());
}

void showValue(const Tensor& tensor, std::ostream& os) {
  os << format(tensor.dtype()).name << ' ' << to_string(tensor.shape()) << " {";
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    os << (i ? ", " : "") << to_hexfloat(tensor.bits(i), tensor.dtype());
  }
  os << '}';
}

void showValue(const Problem& problem, std::ostream& os) {
  os << to_string(problem.operation) << ", channel axis "
     << problem.channel_axis << std::hexfloat << ", epsilon " << problem.epsilon
     << ", momentum ";
  if (problem.momentum) {
    os << *problem.momentum;
  } else {
    os << "1 / (" << problem.batches_tracked << " + 1)";
  }
  for (const auto& [name, tensor] : problem.inputs) {
    os << "\n  " << name << ' ';
    showValue(tensor, os);
  }
}

}  // namespace exactbn
