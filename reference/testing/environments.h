// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cfenv>
#include <string>
#include <utility>
#include <vector>

#include "reference/floating_point_environment.h"
#include "reference/testing/flushed_subnormals.h"

namespace exactbn {

// The floating-point environments that a program may give its threads, by name.
inline std::vector<std::pair<std::string, FloatingPointSettings>>
environments() {
  std::vector<std::pair<std::string, FloatingPointSettings>> all;
  std::fenv_t before;
  std::fegetenv(&before);
  const auto add = [&](const std::string& name) {
    all.emplace_back(name, FloatingPointSettings::of_this_thread());
    std::fesetenv(&before);
  };
  {
    const FlushedSubnormals flushed;
    add("subnormals flushed");
  }
  std::fesetenv(&before);
  std::fesetround(FE_UPWARD);
  add("upward");
  std::fesetround(FE_DOWNWARD);
  add("downward");
  std::fesetround(FE_TOWARDZERO);
  add("toward zero");
#if defined(__GLIBC__)
  ::feenableexcept(FE_ALL_EXCEPT);
  add("traps");
#endif
#if defined(__x86_64__)
  FloatingPointSettings now = FloatingPointSettings::of_this_thread();
  now.x87_control &= 0xfcff;  // 24 bits
  now.set();
  add("long doubles of 24 bits");
#endif
  return all;
}

// What `make` returns in that environment, in which the thread is left alone
// while it is compared.
template <class Make>
auto in_environment(const FloatingPointSettings& settings, const Make& make) {
  const FloatingPointSettings before = FloatingPointSettings::of_this_thread();
  struct Restore {
    const FloatingPointSettings& to;
    ~Restore() { to.set(); }
  } const restore{before};
  settings.set();
  return make();
}

}  // namespace exactbn
