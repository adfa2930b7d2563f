// SPDX-License-Identifier: Apache-2.0
// Prints what the libraries give in the environment that the program started
// with, after a line that says whether that flushes subnormal numbers.
#include "tools/exactbn/testdata/floating_point_results.h"

#include <limits>

int main() {
  const volatile double least = std::numeric_limits<double>::min();
  const volatile double half = least / 2;
  fmt::print("{}\n", half == 0 ? "flushes" : "keeps");
  for (const std::string& line : exactbn::FloatingPointResults().lines()) {
    fmt::print("{}\n", line);
  }
}
