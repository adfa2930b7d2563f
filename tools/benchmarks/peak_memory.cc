// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/peak_memory.h"

#include <malloc.h>

#include <cmath>
#include <fstream>
#include <string>

namespace exactbn {

namespace {

double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return std::nan("");
}

}  // namespace

PeakMemory::PeakMemory() {
  malloc_trim(0);
  // Linux: writing 5 resets the peak to the current resident size.
  const bool reset = static_cast<bool>(std::ofstream("/proc/self/clear_refs")
                                       << 5 << std::flush);
  before_ = reset ? peak_mib() : std::nan("");
}

double PeakMemory::grown() const { return peak_mib() - before_; }

}  // namespace exactbn
