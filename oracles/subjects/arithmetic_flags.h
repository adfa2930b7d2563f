// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__x86_64__)
#include <cfloat>
#include <cstdint>
#if LDBL_MANT_DIG == 64
#define EXACTBN_HAS_X87
#endif
#else
#include <cfenv>
#endif

namespace exactbn {

// Whether an operation on doubles overflowed, or underflowed inexactly, since
// construction or the last clear(). An operation counts if its operands were
// read from memory after that and its result exists before raised() is called.
#if defined(__x86_64__)
// x86-64 computes doubles with SSE; reading MXCSR alone is much cheaper than
// fetestexcept, which also reads the x87 status word.
class RangeFlags {
 public:
  RangeFlags() { clear(); }
  void clear() {
    const std::uint32_t cleared = control_and_status() & ~kOut;
    asm volatile("ldmxcsr %0" : : "m"(cleared) : "memory");
  }
  bool raised() const { return (control_and_status() & kOut) != 0; }

 private:
  static constexpr std::uint32_t kOut = 0x18;  // overflow and underflow

  static std::uint32_t control_and_status() {
    std::uint32_t bits = 0;
    asm volatile("stmxcsr %0" : "=m"(bits) : : "memory");
    return bits;
  }
};
#else
class RangeFlags {
 public:
  RangeFlags() { clear(); }
  void clear() { std::feclearexcept(kOut); }
  bool raised() const { return std::fetestexcept(kOut) != 0; }

 private:
  static constexpr int kOut = FE_OVERFLOW | FE_UNDERFLOW;
};
#endif

#if defined(EXACTBN_HAS_X87)
// During its lifetime every operation on long doubles rounds to the 53 bits of
// a double, with a 15-bit exponent (Intel's manual, volume 1, section 8.1.5.2:
// precision control).
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

  // Whether any operation since construction overflowed or underflowed.
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
