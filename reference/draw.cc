// SPDX-License-Identifier: Apache-2.0
#include "reference/draw.h"

#include <algorithm>
#include <array>

namespace exactbn {

std::uint64_t Draw::bits() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::uint64_t Draw::below(std::uint64_t n) {
  // 2^64 mod n: draws below it would favour the small residues.
  const std::uint64_t surplus = (0 - n) % n;
  std::uint64_t r = bits();
  while (r < surplus) r = bits();
  return r % n;
}

double Draw::unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

double Draw::between(double low, double high) {
  return low + (high - low) * unit();
}

double Draw::normal() {
  // Twelve uniform variances of 1/12 add up to 1. No logarithm or cosine: their
  // last bits depend on the library.
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += unit();
  return sum;
}

double Draw::sign() { return bits() >> 63 ? -1 : 1; }

namespace {

std::uint64_t draw_biased_exponent(Draw& draw, const Format& f) {
  const auto bias = static_cast<std::uint64_t>(f.bias());
  const auto p = static_cast<std::uint64_t>(f.precision);
  const std::uint64_t most = (f.overflow() - 1) >> (p - 1);
  // Subnormal, smallest normal, around 1, around 2^-p and 2^p, largest. All of
  // them exist in the short formats too, as p < bias.
  const std::array<std::uint64_t, 14> alphabet = {
      0,        1,        2,        bias - p, bias - 2, bias - 1, bias,
      bias + 1, bias + 2, bias + 3, bias + p, most - 1, most,     0};
  const std::uint64_t pick = draw.below(2 * alphabet.size());
  if (pick < alphabet.size()) return alphabet[pick];
  return draw.below(most + 1);
}

std::uint64_t draw_fraction(Draw& draw, const Format& f) {
  const auto width = static_cast<std::uint64_t>(f.precision - 1);
  const std::uint64_t full = (std::uint64_t{1} << width) - 1;
  const std::uint64_t run = (std::uint64_t{1} << draw.below(width)) - 1;
  switch (draw.below(6)) {
    case 0:
      return 0;
    case 1:
      return full;
    case 2:
      return run + 1;  // a single bit
    case 3:
      return run;  // ones at the low end
    case 4:
      return full - run;  // ones at the high end
    default:
      return draw.bits() & full;
  }
}

}  // namespace

std::uint64_t draw_bits(Draw& draw, DType dtype) {
  const Format f = format(dtype);
  const std::uint64_t exponent = draw_biased_exponent(draw, f);
  const std::uint64_t fraction = draw_fraction(draw, f);
  const std::uint64_t sign = draw.sign() < 0 ? f.sign_bit() : 0;
  // In E4M3FN, numbers and NaN share the largest exponent.
  const std::uint64_t size = (exponent << (f.precision - 1)) | fraction;
  return sign | std::min(size, f.overflow() - 1);
}

}  // namespace exactbn
