// SPDX-License-Identifier: Apache-2.0
// For loops that are compiled once for every instruction set, and vectorized
// there.
#pragma once

#include <cmath>

// Part of each function that calls it, and so of its instruction set.
#define EXACTBN_INLINE [[gnu::always_inline]] inline

// Before a loop over lanes. g++ unrolls it unless told to vectorize it; clang++
// does so untold, and would warn where a sanitizer keeps it from it.
#ifdef __clang__
#define EXACTBN_LANES
#else
#define EXACTBN_LANES _Pragma("omp simd")
#endif

namespace exactbn {

// a + b = sum + error, exactly (Knuth).
EXACTBN_INLINE void two_sum(double a, double b, double& sum, double& error) {
  sum = a + b;
  const double b_part = sum - a;
  error = (a - (sum - b_part)) + (b - b_part);
}

// a b + c, fused where the processor can: for what does not depend on it.
template <bool fused>
EXACTBN_INLINE double madd(double a, double b, double c) {
  if constexpr (fused) return std::fma(a, b, c);
  return a * b + c;
}

}  // namespace exactbn
