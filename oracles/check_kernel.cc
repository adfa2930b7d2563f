// SPDX-License-Identifier: Apache-2.0
#include "oracles/check_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>
#include <vector>

#include "reference/double_double.h"
#include "reference/lanes.h"

namespace exactbn {

namespace {

// Values that are looked at side by side, and what a comparison makes of them.
// Wider vectors are no faster where a processor makes two of one.
constexpr std::int64_t kFour = 4;
using Four [[gnu::vector_size(32)]] = double;
using FourFloats [[gnu::vector_size(16)]] = float;
using FourMasks = decltype(Four{} < Four{});

// bounds.md, "The filter".
constexpr double kDoubleDoubleError = 0x1p-100;
constexpr double kDoubleError = 0x1.00001p-53;
constexpr double kSlack = 0x1p-40;
constexpr double kLess = 1 - kSlack;
// A value is no more than that many times its binade.
constexpr double kBinades = 2.25;

// Beyond it no error is excused without the judge.
constexpr double kMostError = 0x1p1000;

constexpr std::int64_t kExponent = 0x7ff0000000000000;
constexpr std::int64_t kMagnitude = 0x7fffffffffffffff;

// What depends on the format of the values.
struct Scale {
  double ulp_of_one;  // 2^(1 - precision)
  double quantum;     // 0 where it is no normal double
};

Scale scale_of(DType dtype) {
  const Format f = format(dtype);
  return {std::ldexp(1.0, 1 - f.precision),
          dtype == DType::f64 ? 0 : std::ldexp(1.0, f.quantum())};
}

// What part of its binade an error may be that is within so many ulp, but for
// the error's own bound.
EXACTBN_INLINE double part_of_binade(const Scale& scale, double ulps) {
  return std::min(ulps, 0x1p100) * scale.ulp_of_one * kLess;
}

// The ulp of the binade of a number that is not negative.
EXACTBN_INLINE double ulp_of(double size, const Scale& scale) {
  const auto bits = std::bit_cast<std::uint64_t>(size) &
                    static_cast<std::uint64_t>(kExponent);
  return std::max(std::bit_cast<double>(bits) * scale.ulp_of_one,
                  scale.quantum);
}

// Such vectors are passed to inlined functions alone, whatever the ABI.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace baseline {

EXACTBN_INLINE Four widened(const FourFloats& a) {
  return __builtin_convertvector(a, Four);
}

EXACTBN_INLINE Four madd(const Four& a, const Four& b, const Four& c) {
  return a * b + c;
}

EXACTBN_INLINE Four product_error(const Four& a, const Four& b, const Four& p) {
  Four error;
  for (int l = 0; l < kFour; ++l) error[l] = std::fma(a[l], b[l], -p[l]);
  return error;
}

EXACTBN_INLINE bool all_of(const FourMasks& mask) {
  return (mask[0] & mask[1] & mask[2] & mask[3]) != 0;
}

#include "oracles/check_loops.h"

}  // namespace baseline

#if defined(__x86_64__)
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

namespace avx2 {

EXACTBN_INLINE Four widened(const FourFloats& a) { return _mm256_cvtps_pd(a); }

EXACTBN_INLINE Four madd(const Four& a, const Four& b, const Four& c) {
  return _mm256_fmadd_pd(a, b, c);
}

EXACTBN_INLINE Four product_error(const Four& a, const Four& b, const Four& p) {
  return _mm256_fmsub_pd(a, b, p);
}

EXACTBN_INLINE bool all_of(const FourMasks& mask) {
  return _mm256_movemask_pd((__m256d)mask) == 15;
}

#include "oracles/check_loops.h"

}  // namespace avx2

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

struct Kernels {
  bool (*near)(const CheckForms&, const CheckValues&, std::int64_t,
               const Scale&, double, bool);
  bool (*quiet)(const CheckForms&, const CheckValues&, std::int64_t,
                const Scale&, double, bool);
  void (*measure)(const CheckForms&, const CheckValues&, std::int64_t,
                  const Scale&, bool, ErrorBounds*);
  void (*fill)(const CheckForms&, const CheckValues&, std::int64_t, double*);
};

Kernels best_kernels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return {avx2::passes<false>, avx2::passes<true>, avx2::measure_block,
            avx2::fill_block};
  }
#endif
  return {baseline::passes<false>, baseline::passes<true>,
          baseline::measure_block, baseline::fill_block};
}

const Kernels& kernels() {
  static const Kernels best = best_kernels();
  return best;
}

// Of fewer values, or columns, than kernels take.
template <bool whole>
bool few_pass(const CheckForms& forms, const CheckValues& values,
              std::int64_t n, DType dtype, double ulps) {
  std::vector<ErrorBounds> bounds(static_cast<std::size_t>(n));
  measure(forms, values, n, dtype, bounds.data());
  std::vector<double> tol(static_cast<std::size_t>(n));
  if (whole) fill_tolerances(forms, values, n, tol.data());
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const ErrorBounds& b = bounds[i];
    const bool within_tol = b.high <= 0.5 * b.ulp_low + tol[i] * kLess;
    if (!within_tol || !(b.high <= ulps * b.ulp_low)) return false;
  }
  return true;
}

template <bool whole>
bool all_pass(const CheckForms& forms, const CheckValues& values,
              std::int64_t n, DType dtype, double ulps) {
  if ((forms.width == 1 ? n : forms.width) < kFour) {
    return few_pass<whole>(forms, values, n, dtype, ulps);
  }
  const auto pass = whole ? kernels().quiet : kernels().near;
  return pass(forms, values, n, scale_of(dtype), ulps, dtype == DType::f64);
}

}  // namespace

FormRounding rough_rounding(std::size_t k) {
  return {3 * kDoubleError, static_cast<double>(k + 3) * kDoubleError};
}

FormRounding form_rounding(DType dtype, std::size_t k) {
  if (dtype != DType::f64) return rough_rounding(k);
  return {kDoubleDoubleError, 2 * kDoubleDoubleError};
}

bool all_near(const CheckForms& forms, const CheckValues& values,
              std::int64_t n, DType dtype, double ulps) {
  return all_pass<false>(forms, values, n, dtype, ulps);
}

bool all_quiet(const CheckForms& forms, const CheckValues& values,
               std::int64_t n, DType dtype, double ulps) {
  return all_pass<true>(forms, values, n, dtype, ulps);
}

void measure(const CheckForms& forms, const CheckValues& values, std::int64_t n,
             DType dtype, ErrorBounds* bounds) {
  kernels().measure(forms, values, n, scale_of(dtype), dtype == DType::f64,
                    bounds);
}

void fill_tolerances(const CheckForms& forms, const CheckValues& values,
                     std::int64_t n, double* tolerances) {
  kernels().fill(forms, values, n, tolerances);
}

}  // namespace exactbn
