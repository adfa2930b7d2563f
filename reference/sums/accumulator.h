// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "reference/number/dyadic.h"

namespace exactbn {

// A signed significand and the exponent of its unit: n 2^e with |n| < 2^53.
struct Scaled {
  std::int64_t n;
  int e;
};

// A sum without rounding of numbers of f64 and products of two of them, up to
// 2^40 of them: a fixed-point number wide enough for all (Kulisch 2013). Its
// digits of 32 bits stand in 64, so that an addition carries nowhere
// (bounds.md, "The accumulator").
class ExactSum {
 public:
  // n 2^e, with -2148 <= e <= 2048 and |n| < 2^63.
  void add(std::int64_t n, int e);
  // A finite value that is not subnormal.
  void add(double value);
  void add_product(const Scaled& a, const Scaled& b);

  // The sum in its one form with n odd, or 0 2^0.
  Dyadic value() const;

 private:
  static constexpr int kDigitBits = 32;
  static constexpr int kLowest = -2176;
  static constexpr std::size_t kDigits = 136;
  // After `load` additions every digit is below (load + 1) 2^32.
  static constexpr std::int64_t kMostLoad = std::int64_t{1} << 20;
  static_assert(kMostLoad + 1 < std::int64_t{1} << (63 - kDigitBits));

  void carry();

  std::array<std::int64_t, kDigits> digits_{};
  // All others are 0.
  std::size_t begin_ = kDigits;
  std::size_t end_ = 0;
  std::int64_t load_ = 0;
};

// The same number with an odd n, or 0 2^0.
Dyadic canonical(const Dyadic& value);

}  // namespace exactbn
