// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// The outputs whose kappa, or m, is from 10^exponent to ten times that; the
// last decade has no end.
inline constexpr int kLastDecade = 6;
struct Decade {
  int exponent = 0;
  int outputs = 0;  // of all cases, with a value that was decided
  double eta = 0;   // the worst of them
  const CaseRun* worst = nullptr;

  std::string from() const;  // 1, 10, 100, 1e3, ...
};

// Ascending, without those that have no output. A variance of one pass shows by
// kappa, a long sum by m. Outputs without a kappa are in none of the former;
// one below 1, where epsilon is all of w, is in the first decade.
std::vector<Decade> eta_by_kappa(const Run& run);
std::vector<Decade> eta_by_m(const Run& run);

}  // namespace exactbn
