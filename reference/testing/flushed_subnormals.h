// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <cstdint>

namespace exactbn {

// During its lifetime the processor treats subnormal operands and results as 0.
class FlushedSubnormals {
 public:
  FlushedSubnormals() : before_(control()) { set_control(before_ | kFlush); }
  ~FlushedSubnormals() { set_control(before_); }
  FlushedSubnormals(const FlushedSubnormals&) = delete;
  FlushedSubnormals& operator=(const FlushedSubnormals&) = delete;

 private:
#if defined(__x86_64__)
  static constexpr unsigned kFlush = 0x8040;  // operands, results
  static unsigned control() { return _mm_getcsr(); }
  static void set_control(unsigned bits) { _mm_setcsr(bits); }
  unsigned before_;
#elif defined(__aarch64__)
  static constexpr std::uint64_t kFlush = std::uint64_t{1} << 24;  // FZ
  static std::uint64_t control() {
    std::uint64_t bits = 0;
    asm volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
  }
  static void set_control(std::uint64_t bits) {
    asm volatile("msr fpcr, %0" : : "r"(bits) : "memory");
  }
  std::uint64_t before_;
#else
  static constexpr int kFlush = 0;  // no such mode is known
  static int control() { return 0; }
  static void set_control(int) {}
  int before_;
#endif
};

}  // namespace exactbn
