// SPDX-License-Identifier: Apache-2.0
// Sums and inverse roots in f32.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <string_view>

#include "tensors.h"

#ifndef DEFECT
#define DEFECT "none"
#endif

// Whether this build has the defect of that name.
constexpr bool has(std::string_view name) { return name == DEFECT; }

// Blocks of 64, whose sums are added in a tree.
template <bool LosesOddPartial = false>
float sum(const Floats& values) {
  Floats part;
  for (size_t i = 0; i < values.size(); i += 64) {
    float block = 0;
    for (size_t j = i; j < std::min(i + 64, values.size()); ++j)
      block += values[j];
    part.push_back(block);
  }
  for (size_t n = part.size(); n > 1;) {
    const size_t half = n / 2;
    const bool odd = n % 2 != 0;
    for (size_t i = 0; i < half; ++i) part[i] = part[2 * i] + part[2 * i + 1];
    if (odd && !LosesOddPartial) part[half] = part[n - 1];
    n = half + (odd && !LosesOddPartial);
  }
  return part[0];
}

inline Floats product(const Floats& a, const Floats& b) {
  Floats out(a.size());
  for (size_t i = 0; i < a.size(); ++i) out[i] = a[i] * b[i];
  return out;
}

// The sum of numbers that are rounded to `dtype` after each addition.
inline float narrow_sum(const Floats& values, exactbn_dtype dtype) {
  float total = 0;
  for (float v : values) total = rounded(total + v, dtype);
  return total;
}

inline float inverse_root(float w) { return 1 / std::sqrt(w); }

// Twelve bits.
inline float inverse_root_estimate(float w) {
  return _mm_cvtss_f32(_mm_rsqrt_ss(_mm_set_ss(w)));
}
