// SPDX-License-Identifier: Apache-2.0
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

thread_local const FloatingPointSettings* callers_settings = nullptr;

#if defined(__x86_64__)
constexpr FloatingPointSettings kStandard = {0x1f80, 0x37f};
#elif defined(__aarch64__)
constexpr FloatingPointSettings kStandard = {0};
#endif

void set_standard() {
#if defined(__x86_64__) || defined(__aarch64__)
  kStandard.set();
#else
  std::fesetenv(FE_DFL_ENV);
#endif
}

}  // namespace

#if defined(__x86_64__)
FloatingPointSettings FloatingPointSettings::of_this_thread() {
  FloatingPointSettings now{};
  asm volatile("stmxcsr %0" : "=m"(now.mxcsr) : : "memory");
  asm volatile("fnstcw %0" : "=m"(now.x87_control) : : "memory");
  return now;
}

void FloatingPointSettings::set() const {
  const FloatingPointSettings now = of_this_thread();
  if (now.mxcsr != mxcsr) {
    asm volatile("ldmxcsr %0" : : "m"(mxcsr) : "memory");
  }
  // A flag that is set would trap at once if its trap is, too.
  if (now.x87_control != x87_control) {
    asm volatile("fnclex\n\tfldcw %0" : : "m"(x87_control) : "memory");
  }
}
#elif defined(__aarch64__)
FloatingPointSettings FloatingPointSettings::of_this_thread() {
  FloatingPointSettings now{};
  asm volatile("mrs %0, fpcr" : "=r"(now.fpcr) : : "memory");
  return now;
}

void FloatingPointSettings::set() const {
  asm volatile("msr fpcr, %0" : : "r"(fpcr) : "memory");
}
#else
FloatingPointSettings FloatingPointSettings::of_this_thread() {
  FloatingPointSettings now{};
  std::fegetenv(&now.environment);
  return now;
}

void FloatingPointSettings::set() const { std::fesetenv(&environment); }
#endif

StandardEnvironment::StandardEnvironment(const FloatingPointSettings* callers)
    : outermost_(callers_settings == nullptr) {
  if (!outermost_) return;
  before_ = FloatingPointSettings::of_this_thread();
  callers_settings = callers ? callers : &before_;
  set_standard();
}

StandardEnvironment::~StandardEnvironment() {
  if (!outermost_) return;
  callers_settings = nullptr;
  before_.set();
}

const FloatingPointSettings* StandardEnvironment::callers() {
  return callers_settings;
}

CallersEnvironment::CallersEnvironment() : callers_(callers_settings) {
  if (!callers_) return;
  callers_settings = nullptr;
  callers_->set();
}

CallersEnvironment::~CallersEnvironment() {
  if (!callers_) return;
  set_standard();
  callers_settings = callers_;
}

}  // namespace exactbn
