// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "reference/format.h"

namespace exactbn {

// What the check of a value needs to know of its channel. The value is a form
//   f = c_1 in_1 + ... + c_k in_k + c_0
// whose coefficients are high + low, and an error of
//   half an ulp of f + tol_1 |in_1| + ... + tol_k |in_k|
//                    + tol_centred |in_k - centre| + tol_one
// is allowed. Place i of a row of channels has element i of each array; where
// `same`, all have element 0.
struct CheckForms {
  static constexpr std::size_t kMost = 3;  // k at most

  std::size_t k = 0;
  bool same = true;
  std::array<const double*, kMost> high{};
  std::array<const double*, kMost> low{};
  const double* offset_high = nullptr;
  const double* offset_low = nullptr;
  std::array<const double*, kMost> tol{};
  const double* tol_centred = nullptr;
  const double* tol_one = nullptr;
  const double* centre = nullptr;
  // What products that underflow can add to the error: kLeastError, or 0 where
  // all coefficients are.
  const double* floor = nullptr;
};

inline constexpr double kLeastError = 0x1p-1060;

// n values of each input, and of what is checked: as floats where all of them
// are f32, else as doubles.
struct CheckValues {
  bool floats = false;
  std::array<const void*, CheckForms::kMost> in{};
  const void* got = nullptr;
};

// Bounds of a value's error, and of the ulp of the exact value; NaN where
// nothing is known of the error.
struct ErrorBounds {
  double low;
  double high;
  double ulp_low;
  double ulp_high;
};

// How many of n values are not surely within their tolerance, and not surely
// within `ulps` ulp either. bounds.md, "The filter", has the error bounds.
std::int64_t count_loud(const CheckForms& forms, const CheckValues& values,
                        std::int64_t n, DType dtype, double ulps);

// The bounds of n values.
void measure(const CheckForms& forms, const CheckValues& values, std::int64_t n,
             DType dtype, ErrorBounds* bounds);

}  // namespace exactbn
