// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "reference/rounded/affine_form.h"

namespace exactbn {

// A bound of the error of a computed form f:
//   relative |f| + rest_1 |in_1| + ... + rest_(k-1) |in_(k-1)| + rest_one.
struct FormBounds {
  const double* relative = nullptr;
  std::array<const double*, FormColumns::kMost> rest{};
  const double* rest_one = nullptr;
};

// What the check of a value needs from its channel, whose affine form is
//   f = c_1 in_1 + ... + c_k in_k + c_0.
// `bounds` bounds the error of the kernels, which compute f in two doubles for
// values in f64 and in one for all others; `rough` is the bound for one double.
// The permitted error is
//   half an ulp of f + tol_1 |in_1| + ... + tol_k |in_k|
//                    + tol_centred |in_1 - centre| + tol_one.
struct CheckForms : FormColumns {
  FormBounds bounds;
  FormBounds rough;  // only for values in f64
  std::array<const double*, kMost> tol{};
  const double* tol_centred = nullptr;
  const double* tol_one = nullptr;
  const double* centre = nullptr;
};

// Covers the error of products that underflow.
inline constexpr double kLeastError = 0x1p-1000;

// The rounding error of a form of k inputs, relative to |f| and to each of its
// terms but the last.
struct FormRounding {
  double of_form;
  double of_terms;
};
FormRounding rough_rounding(std::size_t k);
FormRounding form_rounding(DType dtype, std::size_t k);

// Rows of values of each input and of the output: floats if all of them are
// f32, else doubles.
struct CheckValues {
  bool floats = false;
  std::array<const void*, CheckForms::kMost> in{};
  const void* got = nullptr;
  // Offset of the next block, to prefetch; 0 if none.
  std::int64_t ahead = 0;
};

// Bounds of the error of a value, and of the ulp of the exact value. NaN if
// nothing is known about the error.
struct ErrorBounds {
  double low;
  double high;
  double ulp_low;
  double ulp_high;
};

// Whether all of n values are certainly within half an ulp and within `ulps`
// ulps of the exact value. Most values of a good implementation are, and the
// test needs no tolerance. bounds.md, "The filter", derives the error bounds.
bool all_within_half_ulp(const CheckForms& forms, const CheckValues& values,
                         std::int64_t n, DType dtype, double ulps);

// Whether all of n values are certainly within `ulps` ulps of the exact value,
// and within half an ulp plus their tolerance.
bool all_within_tolerance(const CheckForms& forms, const CheckValues& values,
                          std::int64_t n, DType dtype, double ulps);

// Computes the error bounds of n values.
void measure(const CheckForms& forms, const CheckValues& values, std::int64_t n,
             DType dtype, ErrorBounds* bounds);

// Computes the tolerances of n values.
void fill_tolerances(const CheckForms& forms, const CheckValues& values,
                     std::int64_t n, double* tolerances);

// The tests of an instruction set, for packs of values. They need at least
// `pack` values, and at least `pack` columns if there are several.
struct CheckKernels {
  using Pass = bool(const CheckForms& forms, const CheckValues& values,
                    std::int64_t n, DType dtype, double ulps);

  std::int64_t pack;
  Pass* within_half_ulp;
  Pass* within_tolerance;
};

// The tests for the best instruction set of this processor, widest first.
std::span<const CheckKernels> check_kernels();

}  // namespace exactbn
