// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "reference/format.h"

namespace exactbn {

// A stream of random numbers that is the same with every compiler and library,
// unlike std::*_distribution: SplitMix64 (Steele, Lea & Flood 2014), followed
// by exact or correctly rounded operations only.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}

  // 64 uniform bits.
  std::uint64_t bits();
  // Uniform among 0 ... n - 1, without bias. n > 0.
  std::uint64_t below(std::uint64_t n);
  // A multiple of 2^-53 in [0, 1), uniform.
  double unit();
  // Uniform in [low, high), roughly.
  double between(double low, double high);
  // Roughly normal: mean 0, deviation 1, magnitude at most 6.
  double normal();
  // -1 or 1.
  double sign();

 private:
  std::uint64_t state_;
};

// Finite bits that are likely to expose errors, as in Berkeley TestFloat: the
// exponent is near a boundary (subnormal, smallest, 1, precision, largest) or
// arbitrary, the significand is near a boundary (empty, full, single bits, runs
// at either end) or arbitrary, and either sign occurs.
std::uint64_t draw_bits(Draw& draw, DType dtype);

}  // namespace exactbn
