// SPDX-License-Identifier: Apache-2.0
// For loops that are compiled once for every instruction set, and vectorized
// there.
#pragma once

// Part of each function that calls it, and so of its instruction set.
#define EXACTBN_INLINE [[gnu::always_inline]] inline

// Before a loop over lanes. g++ unrolls it unless told to vectorize it; clang++
// does so untold, and would warn where a sanitizer keeps it from it.
#ifdef __clang__
#define EXACTBN_LANES
#else
#define EXACTBN_LANES _Pragma("omp simd")
#endif
