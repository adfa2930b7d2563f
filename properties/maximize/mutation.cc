// SPDX-License-Identifier: Apache-2.0
#include "properties/maximize/mutation.h"

#include <array>

#include "properties/draw/transform.h"

namespace exactbn {

namespace {

std::int64_t below(Draw& draw, std::int64_t n) {
  return static_cast<std::int64_t>(draw.below(static_cast<std::uint64_t>(n)));
}

// Changes one value: to a near one, another sign, exponent or bit, or any.
std::uint64_t mutated_bits(Draw& draw, std::uint64_t bits, DType dtype) {
  const Format f = format(dtype);
  const std::uint64_t hidden = std::uint64_t{1} << (f.precision - 1);
  std::uint64_t changed = bits;
  switch (draw.below(6)) {
    case 0:
      return draw_bits(draw, dtype);
    case 1:
      return bits ^ f.sign_bit();
    case 2:
      changed = bits + hidden;
      break;
    case 3:
      changed = bits - hidden;
      break;
    case 4:
      changed = bits ^ (std::uint64_t{1} << draw.below(
                            static_cast<std::uint64_t>(f.precision - 1)));
      break;
    default:
      changed = bits + draw.below(17) - 8;
  }
  // Keep the old value if the new one left its sign or the finite range.
  const bool same_sign = ((changed ^ bits) & f.sign_bit()) == 0;
  const bool fits = f.width == 64 || changed >> f.width == 0;
  return fits && same_sign && is_finite(changed, dtype) ? changed : bits;
}

void mutate_values(Draw& draw, Problem& p) {
  auto it = p.inputs.begin();
  std::advance(it, below(draw, std::ssize(p.inputs)));
  auto& [name, tensor] = *it;
  const bool like_x = shaped_like_x(name);
  const ChannelView view = p.view();
  const DType dtype = tensor.dtype();
  const std::uint64_t kind = draw.below(8);
  if (kind == 0 && like_x) {
    // Draw a channel anew, in any mode.
    const std::int64_t c = below(draw, view.channels);
    const ChannelMode mode = kChannelModes[draw.below(kChannelModes.size())];
    const auto bits = draw_channel(draw, dtype, mode, view.count());
    for (std::int64_t k = 0; k < view.count(); ++k) {
      tensor.set_bits(view.offset(c, k), bits[static_cast<std::size_t>(k)]);
    }
  } else if (kind == 1) {
    // Scale all values.
    const double by = draw.below(2) == 0 ? 2 : 0.5;
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      const std::uint64_t bits = round_to(by * tensor.value(i), dtype);
      if (is_finite(bits, dtype)) tensor.set_bits(i, bits);
    }
  } else if (kind == 2 && tensor.size() > 1) {
    // Draw in separate statements: arguments have no fixed evaluation order.
    const std::int64_t from = below(draw, tensor.size());
    const std::int64_t to = below(draw, tensor.size());
    tensor.set_bits(to, tensor.bits(from));
  } else {
    const std::int64_t count = 1 + below(draw, kind < 5 ? 1 : 4);
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t i = below(draw, tensor.size());
      tensor.set_bits(i, mutated_bits(draw, tensor.bits(i), dtype));
    }
  }
  if (name != Input::running_var) return;
  for (std::int64_t c = 0; c < tensor.size(); ++c) {
    tensor.set_bits(c, magnitude(tensor.bits(c), dtype));
  }
}

void mutate_parameters(Draw& draw, Problem& p) {
  constexpr std::array kEpsilons = {0.0,
                                    static_cast<double>(1e-5F),
                                    static_cast<double>(1e-3F),
                                    static_cast<double>(1e-12F),
                                    0x1p-60,
                                    1.0,
                                    0x1p20};
  constexpr std::array kMomenta = {0.0, 0.125, static_cast<double>(0.1F),
                                   static_cast<double>(0.9F), 1.0};
  if (draw.below(2) == 0 || !p.momentum) {
    p.epsilon = kEpsilons[draw.below(kEpsilons.size())];
  } else {
    p.momentum = kMomenta[draw.below(kMomenta.size())];
  }
}

// The problem as a matrix with fewer positions, or with some repeated.
Problem resized(Draw& draw, const Problem& p, std::int64_t most) {
  const std::int64_t m = p.view().count();
  const std::int64_t limit =
      std::max<std::int64_t>(m, most / p.view().channels);
  std::int64_t size = m;
  switch (draw.below(4)) {
    case 0:
      size = m + 1;
      break;
    case 1:
      size = 2 * m;
      break;
    case 2:
      size = m - 1;
      break;
    default:
      size = (m + 1) / 2;
  }
  size = std::max<std::int64_t>(1, std::min(size, limit));
  std::vector<std::int64_t> positions;
  for (std::int64_t k = 0; k < size; ++k) {
    positions.push_back(k < m && size >= m ? k : below(draw, m));
  }
  return restricted(p, positions).problem;
}

}  // namespace

Problem mutated(Draw& draw, const Problem& problem, std::int64_t most) {
  const std::uint64_t kind = draw.below(10);
  if (kind == 0) return resized(draw, problem, most);
  Problem p = problem;
  if (kind == 1) {
    mutate_parameters(draw, p);
    return p;
  }
  mutate_values(draw, p);
  if (draw.below(4) == 0) mutate_values(draw, p);
  return p;
}

}  // namespace exactbn
