// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>

#include <cfloat>
#include <cstdint>
#if LDBL_MANT_DIG == 64
#define EXACTBN_HAS_X87
#endif
#else
#include <cfenv>
#endif

namespace exactbn {

// Tells whether an operation on doubles since it was made overflowed, or
// underflowed and lost something.
#if defined(__x86_64__)
// Doubles are calculated by SSE: its register alone is a fraction of what
// fenv.h takes, which asks the x87 as well.
class RangeFlags {
 public:
  RangeFlags() { _mm_setcsr(_mm_getcsr() & ~kOut); }
  bool raised() const { return (_mm_getcsr() & kOut) != 0; }

 private:
  static constexpr unsigned kOut = _MM_EXCEPT_OVERFLOW | _MM_EXCEPT_UNDERFLOW;
};
#else
class RangeFlags {
 public:
  RangeFlags() { std::feclearexcept(kOut); }
  bool raised() const { return std::fetestexcept(kOut) != 0; }

 private:
  static constexpr int kOut = FE_OVERFLOW | FE_UNDERFLOW;
};
#endif

#if defined(EXACTBN_HAS_X87)
// As long as it is there, every operation on long doubles rounds to the 53 bits
// of a double, with an exponent of 15 bits (Intel's manual, volume 1, section
// 8.1.5.2: precision control).
class X87InDoublePrecision {
 public:
  X87InDoublePrecision() {
    asm volatile("fnstcw %0" : "=m"(before_));
    const auto control = static_cast<std::uint16_t>((before_ & ~0x300) | 0x200);
    asm volatile("fnclex\n\tfldcw %0" : : "m"(control) : "memory");
  }
  ~X87InDoublePrecision() {
    asm volatile("fldcw %0" : : "m"(before_) : "memory");
  }
  X87InDoublePrecision(const X87InDoublePrecision&) = delete;
  X87InDoublePrecision& operator=(const X87InDoublePrecision&) = delete;

  // Whether an operation since overflowed, or underflowed.
  bool left_range() const {
    std::uint16_t status = 0;
    asm volatile("fnstsw %0" : "=m"(status) : : "memory");
    return (status & 0x18) != 0;
  }

 private:
  std::uint16_t before_ = 0;
};
#endif

}  // namespace exactbn
