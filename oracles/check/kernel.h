// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "reference/rounded/affine_form.h"

namespace exactbn {

// What a form that is computed may be off by, at most:
//   relative |f| + rest_1 |in_1| + ... + rest_(k-1) |in_(k-1)| + rest_one.
struct FormBounds {
  const double* relative = nullptr;
  std::array<const double*, FormColumns::kMost> rest{};
  const double* rest_one = nullptr;
};

// What the check of a value needs to know of its channel, whose form
//   f = c_1 in_1 + ... + c_k in_k + c_0
// it is. `bounds` are those of what the kernels make of it: of two doubles for
// values in f64, of one for all others; `rough` those of one double. An error
// of
//   half an ulp of f + tol_1 |in_1| + ... + tol_k |in_k|
//                    + tol_centred |in_1 - centre| + tol_one
// is allowed.
struct CheckForms : FormColumns {
  FormBounds bounds;
  FormBounds rough;  // for values in f64 alone
  std::array<const double*, kMost> tol{};
  const double* tol_centred = nullptr;
  const double* tol_one = nullptr;
  const double* centre = nullptr;
};

// What products that underflow can add to the error.
inline constexpr double kLeastError = 0x1p-1000;

// The error of a form of k inputs that is computed in doubles, as parts of |f|
// and of each of its terms but the last.
struct FormRounding {
  double of_form;
  double of_terms;
};
FormRounding rough_rounding(std::size_t k);
FormRounding form_rounding(DType dtype, std::size_t k);

// Rows of values of each input, and of what is checked: as floats where all of
// them are f32, else as doubles.
struct CheckValues {
  bool floats = false;
  std::array<const void*, CheckForms::kMost> in{};
  const void* got = nullptr;
  // How far ahead of what is checked as many values of the next block lie, to
  // be asked of the memory while these are looked at; 0 where there is none.
  std::int64_t ahead = 0;
};

// Bounds of a value's error, and of the ulp of the exact value; NaN where
// nothing is known of the error.
struct ErrorBounds {
  double low;
  double high;
  double ulp_low;
  double ulp_high;
};

// Whether all of n values are surely within half an ulp, and within `ulps` ulp.
// Most values of a good implementation are, and no tolerance is needed.
// bounds.md, "The filter", has the error bounds.
bool all_near(const CheckForms& forms, const CheckValues& values,
              std::int64_t n, DType dtype, double ulps);

// Whether all of n values are surely within both their tolerance and `ulps`
// ulp.
bool all_quiet(const CheckForms& forms, const CheckValues& values,
               std::int64_t n, DType dtype, double ulps);

// The bounds of n values.
void measure(const CheckForms& forms, const CheckValues& values, std::int64_t n,
             DType dtype, ErrorBounds* bounds);

// Their tolerances.
void fill_tolerances(const CheckForms& forms, const CheckValues& values,
                     std::int64_t n, double* tolerances);

// The tests of an instruction set, by packs of values. They take no fewer
// values than `pack`, nor columns where there are several.
struct CheckKernels {
  using Pass = bool(const CheckForms& forms, const CheckValues& values,
                    std::int64_t n, DType dtype, double ulps);

  std::int64_t pack;
  Pass* near;
  Pass* quiet;
};

// Those of the best one of this processor, the widest first.
std::span<const CheckKernels> check_kernels();

}  // namespace exactbn
