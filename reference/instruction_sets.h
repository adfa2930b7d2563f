// SPDX-License-Identifier: Apache-2.0
// Settings for loops over lanes, which Highway compiles once per instruction
// set and the compiler vectorizes. Include this before Highway.
#pragma once

#include "reference/tensor/sanitized.h"

// Leaves the baseline, AVX2 and AVX-512 of x86-64, and NEON of Arm. Other
// targets would only cost compile time.
#define HWY_DISABLED_TARGETS                                               \
  (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | \
   HWY_SVE2_128)
// Compiles all of these for the tests, even if compiler flags guarantee a
// better one. Not with sanitizers, which would take a minute for each.
#ifndef EXACTBN_SANITIZED
#define HWY_COMPILE_ALL_ATTAINABLE
#endif

// Inlined into each caller, and so compiled for the caller's instruction set.
#define EXACTBN_INLINE [[gnu::always_inline]] inline

// Goes before a loop over lanes. g++ unrolls the loop unless told to vectorize
// it. clang++ vectorizes it anyway, and would warn if a sanitizer prevents
// that.
#ifdef __clang__
#define EXACTBN_LANES
#else
#define EXACTBN_LANES _Pragma("omp simd")
#endif
