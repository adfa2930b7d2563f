// SPDX-License-Identifier: Apache-2.0
#include "properties/draw/channel_modes.h"

#include <algorithm>
#include <cmath>

namespace exactbn {

namespace {

std::uint64_t draw_sign(Draw& draw, const Format& f) {
  return draw.sign() < 0 ? f.sign_bit() : 0;
}

std::uint64_t draw_ordinary(Draw& draw, DType dtype) {
  return round_to(1.5 + draw.normal(), dtype);
}

std::uint64_t finite(double value, DType dtype) {
  const std::uint64_t bits = round_to(value, dtype);
  return is_finite(bits, dtype) ? bits : bits - 1;
}

// Less than 8 ulps above a value in magnitude, with its sign, and finite.
std::uint64_t draw_near(Draw& draw, DType dtype, std::uint64_t bits) {
  const std::uint64_t moved = bits + draw.below(8);
  return is_finite(moved, dtype) ? moved : bits;
}

// The offset and the deviation shared by the values of a channel.
struct Scale {
  double offset;
  double deviation;
};

// From 2^low to 2^(high + 1). Uses no logarithm: its last bit depends on the
// library.
double draw_size(Draw& draw, int low, int high) {
  const int count = high - low + 1;
  const auto k = draw.below(static_cast<std::uint64_t>(count));
  return std::ldexp(1 + draw.unit(), low + static_cast<int>(k));
}

// Squares stay in range, and the deviation is not lost in the mean.
Scale draw_scale(Draw& draw, DType dtype) {
  const Format f = format(dtype);
  const int most = std::min(f.emax / 3, 60);
  const double deviation = draw_size(draw, -most, most);
  const double ratio = draw_size(draw, -4, f.precision / 2);
  return {draw.sign() * deviation * ratio, deviation};
}

std::uint64_t draw_value(Draw& draw, DType dtype, ChannelMode mode,
                         const Scale& scale) {
  const Format f = format(dtype);
  const std::uint64_t hidden = std::uint64_t{1} << (f.precision - 1);
  const auto width = static_cast<std::uint64_t>(f.precision - 1);
  // Draw in separate statements: operands have no fixed evaluation order.
  switch (mode) {
    case ChannelMode::scaled:
      return finite(scale.offset + scale.deviation * draw.normal(), dtype);
    case ChannelMode::integers:
      return round_to(static_cast<double>(draw.below(9)) - 4, dtype);
    case ChannelMode::subnormal: {
      const std::uint64_t sign = draw_sign(draw, f);
      return sign | draw.below(hidden);
    }
    case ChannelMode::near_overflow: {
      const std::uint64_t sign = draw_sign(draw, f);
      return sign | (f.overflow() - 1 - draw.below(hidden));
    }
    case ChannelMode::near_overflow_of_square: {
      const int biased = f.emax / 2 + f.bias();
      const auto exponent = static_cast<std::uint64_t>(biased) << width;
      const std::uint64_t sign = draw_sign(draw, f);
      return sign | exponent | draw.below(hidden);
    }
    case ChannelMode::powers_of_two:
      return draw_bits(draw, dtype) & ~(hidden - 1);
    case ChannelMode::iid:
      return draw_bits(draw, dtype);
    default:
      return draw_ordinary(draw, dtype);
  }
}

PooledVector<std::uint64_t> shuffled(Draw& draw,
                                     PooledVector<std::uint64_t> bits) {
  for (std::size_t k = bits.size(); k > 1; --k) {
    std::swap(bits[k - 1], bits[draw.below(k)]);
  }
  return bits;
}

std::uint64_t draw_special(Draw& draw, DType dtype) {
  const Format f = format(dtype);
  if (!f.infinities || draw.below(2) == 0) return f.quiet_nan();
  return draw_sign(draw, f) | f.overflow();
}

}  // namespace

std::string_view to_string(ChannelMode mode) {
  constexpr std::string_view kNames[] = {
      "ordinary",      "scaled",        "integers",
      "iid",           "constant",      "outlier",
      "far mean",      "alternating",   "cancelling",
      "subnormal",     "near overflow", "near overflow of square",
      "powers of two", "permutation",   "special"};
  return kNames[static_cast<std::size_t>(mode)];
}

PooledVector<std::uint64_t> draw_channel(
    Draw& draw, DType dtype, ChannelMode mode, std::int64_t m,
    const PooledVector<std::uint64_t>& before) {
  const auto count = static_cast<std::size_t>(m);
  if (mode == ChannelMode::permutation && before.size() == count) {
    return shuffled(draw, before);
  }
  const std::uint64_t minus = format(dtype).sign_bit();
  const std::uint64_t base = draw_bits(draw, dtype);
  const Scale scale = draw_scale(draw, dtype);
  PooledVector<std::uint64_t> bits(count);
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
        // With an odd count the last value has no partner.
        bits[k] = k < count / 2       ? draw_bits(draw, dtype)
                  : k < count / 2 * 2 ? bits[k - count / 2] ^ minus
                                      : draw_ordinary(draw, dtype);
        break;
      default:
        bits[k] = draw_value(draw, dtype, mode, scale);
    }
  }
  if (mode == ChannelMode::outlier) bits[draw.below(count)] = base;
  if (mode == ChannelMode::special) {
    bits[draw.below(count)] = draw_special(draw, dtype);
  }
  return bits;
}

}  // namespace exactbn
