// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "reference/number/dyadic.h"

namespace exactbn {

// The number n 2^e, with |n| < 2^53.
struct Scaled {
  std::int64_t n;
  int e;
};

// The exact sum of up to 2^40 f64 numbers and products of two: a fixed-point
// number wide enough for all (Kulisch 2013). Each digit of 32 bits is stored in
// 64, so an addition needs no carry (bounds.md, "The accumulator").
class ExactSum {
 public:
  // n 2^e, with -2148 <= e <= 2048 and |n| < 2^63.
  void add(std::int64_t n, int e);
  // A finite value that is not subnormal.
  void add(double value);
  void add_product(const Scaled& a, const Scaled& b);

  // The sum as n 2^e with n odd, or 0 2^0.
  Dyadic value() const;

 private:
  static constexpr int kDigitBits = 32;
  static constexpr int kLowest = -2176;
  static constexpr std::size_t kDigits = 136;
  // After `load` additions every digit is below (load + 1) 2^32.
  static constexpr std::int64_t kMaxLoad = std::int64_t{1} << 20;
  static_assert(kMaxLoad + 1 < std::int64_t{1} << (63 - kDigitBits));

  void carry();

  std::array<std::int64_t, kDigits> digits_{};
  // Digits outside [begin_, end_) are 0.
  std::size_t begin_ = kDigits;
  std::size_t end_ = 0;
  std::int64_t load_ = 0;
};

// The same number with an odd n, or 0 2^0.
Dyadic canonical(const Dyadic& value);

}  // namespace exactbn
