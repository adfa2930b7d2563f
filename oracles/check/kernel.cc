// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>

#include "reference/lanes.h"
#include "reference/sums/double_double.h"

namespace exactbn {

namespace {

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

namespace of_four {

constexpr std::int64_t kPack = 4;
using Pack [[gnu::vector_size(32)]] = double;
using FloatPack [[gnu::vector_size(16)]] = float;
using MaskPack = decltype(Pack{} < Pack{});
using Mask = MaskPack;
constexpr Mask kPasses = {-1, -1, -1, -1};

}  // namespace of_four

namespace baseline {

using namespace of_four;

EXACTBN_INLINE Pack all(double a) { return Pack{a, a, a, a}; }

EXACTBN_INLINE Pack widened(const FloatPack& a) {
  return __builtin_convertvector(a, Pack);
}

EXACTBN_INLINE Pack madd(const Pack& a, const Pack& b, const Pack& c) {
  return a * b + c;
}

EXACTBN_INLINE Pack product_error(const Pack& a, const Pack& b, const Pack& p) {
  Pack error;
  for (int l = 0; l < kPack; ++l) error[l] = std::fma(a[l], b[l], -p[l]);
  return error;
}

EXACTBN_INLINE Mask at_most(const Mask& mask, const Pack& a, const Pack& b) {
  return mask & (a <= b);
}

EXACTBN_INLINE bool all_of(const Mask& mask) {
  return (mask[0] & mask[1] & mask[2] & mask[3]) != 0;
}

#include "oracles/check/kernel-inl.h"

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

using namespace of_four;

EXACTBN_INLINE Pack all(double a) { return _mm256_set1_pd(a); }

EXACTBN_INLINE Pack widened(const FloatPack& a) { return _mm256_cvtps_pd(a); }

EXACTBN_INLINE Pack madd(const Pack& a, const Pack& b, const Pack& c) {
  return _mm256_fmadd_pd(a, b, c);
}

EXACTBN_INLINE Pack product_error(const Pack& a, const Pack& b, const Pack& p) {
  return _mm256_fmsub_pd(a, b, p);
}

EXACTBN_INLINE Mask at_most(const Mask& mask, const Pack& a, const Pack& b) {
  return mask & (Mask)_mm256_cmp_pd(a, b, _CMP_LE_OQ);
}

EXACTBN_INLINE bool all_of(const Mask& mask) {
  return _mm256_movemask_pd((__m256d)mask) == 15;
}

#include "oracles/check/kernel-inl.h"

}  // namespace avx2

#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx2,fma")
#endif

namespace avx512 {

constexpr std::int64_t kPack = 8;
using Pack [[gnu::vector_size(64)]] = double;
using FloatPack [[gnu::vector_size(32)]] = float;
using MaskPack = decltype(Pack{} < Pack{});
using Mask = __mmask8;
constexpr Mask kPasses = 0xff;

EXACTBN_INLINE Pack all(double a) { return _mm512_set1_pd(a); }

// Of all lanes: g++ 12 warns of the headers for the plain one, and converts by
// halves what it is asked to without intrinsics.
EXACTBN_INLINE Pack widened(const FloatPack& a) {
  return _mm512_maskz_cvtps_pd(kPasses, a);
}

EXACTBN_INLINE Pack madd(const Pack& a, const Pack& b, const Pack& c) {
  return _mm512_fmadd_pd(a, b, c);
}

EXACTBN_INLINE Pack product_error(const Pack& a, const Pack& b, const Pack& p) {
  return _mm512_fmsub_pd(a, b, p);
}

EXACTBN_INLINE Mask at_most(Mask mask, const Pack& a, const Pack& b) {
  return _mm512_mask_cmp_pd_mask(mask, a, b, _CMP_LE_OQ);
}

EXACTBN_INLINE bool all_of(Mask mask) { return mask == kPasses; }

#include "oracles/check/kernel-inl.h"

}  // namespace avx512

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#define EXACTBN_KERNELS(set)                                               \
  {                                                                        \
    set::kPack, set::passes<false>, set::passes<true>, set::measure_block, \
        set::fill_block                                                    \
  }

std::vector<CheckKernels> find_kernels() {
  std::vector<CheckKernels> result;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    if (__builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq")) {
      result.push_back(EXACTBN_KERNELS(avx512));
    }
    result.push_back(EXACTBN_KERNELS(avx2));
  }
#endif
  result.push_back(EXACTBN_KERNELS(baseline));
  return result;
}

#undef EXACTBN_KERNELS

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
  const std::int64_t side = forms.width == 1 ? n : forms.width;
  for (const CheckKernels& kernels : check_kernels()) {
    if (kernels.pack > side) continue;
    const auto pass = whole ? kernels.quiet : kernels.near;
    return pass(forms, values, n, dtype, ulps);
  }
  return few_pass<whole>(forms, values, n, dtype, ulps);
}

}  // namespace

const std::vector<CheckKernels>& check_kernels() {
  static const std::vector<CheckKernels> all = find_kernels();
  return all;
}

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
  check_kernels().front().measure(forms, values, n, dtype, bounds);
}

void fill_tolerances(const CheckForms& forms, const CheckValues& values,
                     std::int64_t n, double* tolerances) {
  check_kernels().front().fill(forms, values, n, tolerances);
}

}  // namespace exactbn
