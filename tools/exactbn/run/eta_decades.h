// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// The outputs whose kappa, or m, is in [10^exponent, 10^(exponent + 1)); the
// last decade is open.
inline constexpr int kLastDecade = 6;
struct Decade {
  int exponent = 0;
  int outputs = 0;  // in all cases, with a decided value
  double eta = 0;   // the worst eta of these outputs
  const CaseRun* worst = nullptr;

  std::string from() const;  // 1, 10, 100, 1e3, ...
};

// Ascending, without empty decades. Eta grows with kappa for a one-pass
// variance, with m for long sums. eta_by_kappa skips outputs without a kappa;
// a kappa below 1, where epsilon dominates w, is in the first decade.
std::vector<Decade> eta_by_kappa(const Run& run);
std::vector<Decade> eta_by_m(const Run& run);

}  // namespace exactbn
