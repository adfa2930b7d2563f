// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__x86_64__) || defined(__aarch64__)
#include <cstdint>
#else
#include <cfenv>
#endif

namespace exactbn {

// What arithmetic gives depends on settings of the thread: the rounding
// direction, whether subnormal numbers count as 0 (a program linked with
// -ffast-math starts like that), the precision of long doubles, and which
// exceptions trap. Our error bounds hold for the default settings only.
//
// So every function of the libraries that computes a whole answer, a verdict or
// a report, or asks a subject, begins with a StandardEnvironment, and
// parallel_for gives one to each thread. Functions of single values
// (Tensor::value, Problem::parameter, round_to of a double) and the textbook,
// which are part of the caller's own arithmetic, do not.
//
// Subjects are asked in the environment of the caller, in any thread: a kernel
// is judged as the program runs it. What a subject changes ends with the call.

// The settings of a thread. fenv.h would do, but takes a hundred times longer
// on x86-64, where it saves all of the x87's state.
struct FloatingPointSettings {
#if defined(__x86_64__)
  std::uint32_t mxcsr;  // also has the flags
  std::uint16_t x87_control;
#elif defined(__aarch64__)
  std::uint64_t fpcr;
#else
  std::fenv_t environment;
#endif

  static FloatingPointSettings of_this_thread();
  // Sets those of this thread. May clear flags.
  void set() const;
};

// During its lifetime the thread rounds to nearest, keeps subnormal numbers and
// traps nothing; then the caller's settings return. Within another one it does
// nothing.
class StandardEnvironment {
 public:
  StandardEnvironment() : StandardEnvironment(nullptr) {}
  // In another thread, on behalf of a caller with these settings; null: with
  // those of this thread.
  explicit StandardEnvironment(const FloatingPointSettings* callers);
  ~StandardEnvironment();
  StandardEnvironment(const StandardEnvironment&) = delete;
  StandardEnvironment& operator=(const StandardEnvironment&) = delete;

  // The caller's settings; null outside of any StandardEnvironment.
  static const FloatingPointSettings* callers();

 private:
  bool outermost_;
  FloatingPointSettings before_;  // if outermost
};

// During its lifetime the thread has the caller's settings again.
class CallersEnvironment {
 public:
  CallersEnvironment();
  ~CallersEnvironment();
  CallersEnvironment(const CallersEnvironment&) = delete;
  CallersEnvironment& operator=(const CallersEnvironment&) = delete;

 private:
  const FloatingPointSettings* callers_;
};

}  // namespace exactbn
