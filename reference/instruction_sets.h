// SPDX-License-Identifier: Apache-2.0
// For loops over lanes that Highway compiles once for each instruction set, and
// the compiler vectorizes there. To be included before Highway.
#pragma once

// What is left: the baseline, AVX2 and AVX-512 of x86-64, and NEON of Arm.
// Others take time to compile, and would gain nothing.
#define HWY_DISABLED_TARGETS                                               \
  (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | \
   HWY_SVE2_128)
// All of them, for the tests, even where flags promise a better one.
#define HWY_COMPILE_ALL_ATTAINABLE

// Part of each function that calls it, and so of its instruction set.
#define EXACTBN_INLINE [[gnu::always_inline]] inline

// Before a loop over lanes. g++ unrolls it unless told to vectorize it; clang++
// does so untold, and would warn where a sanitizer keeps it from it.
#ifdef __clang__
#define EXACTBN_LANES
#else
#define EXACTBN_LANES _Pragma("omp simd")
#endif
