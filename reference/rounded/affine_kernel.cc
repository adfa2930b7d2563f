// SPDX-License-Identifier: Apache-2.0
#include "reference/rounded/affine_kernel.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "reference/lanes.h"

namespace exactbn {

namespace {

// Iterations of the next loop do not depend on each other. (OpenMP's simd says
// so too, but keeps the small structs of an iteration in memory.)
#if defined(__clang__)
// Without optimization it cannot vectorize, and need not say so.
#pragma clang diagnostic ignored "-Wpass-failed"
#define EXACTBN_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define EXACTBN_INDEPENDENT _Pragma("GCC ivdep")
#endif

// bounds.md, "The fast path": 64 u^2 and 8 u, u = 2^-53, and what underflow
// can add.
constexpr double kDoubleDoubleError = 0x1p-100;
constexpr double kDoubleError = 0x1p-50;
constexpr double kUnderflow = 0x1p-1060;

struct Interval {
  double down;
  double up;
};

// The coefficients at one place, and the inputs there.
template <std::size_t k>
struct Place {
  std::array<double, k> high;
  std::array<double, k> low;
  double offset_high;
  double offset_low;
  std::array<double, k> in;
};

template <std::size_t k>
EXACTBN_INLINE Place<k> place(const KernelForms& f,
                              const std::array<const double*, k>& in,
                              std::int64_t i) {
  Place<k> at;
  for (std::size_t j = 0; j < k; ++j) {
    at.high[j] = f.high[j][i];
    at.low[j] = f.low[j][i];
    at.in[j] = in[j][i];
  }
  at.offset_high = f.offset_high[i];
  at.offset_low = f.offset_low[i];
  return at;
}

// Ends of an interval around the form, each rounded to double.
template <std::size_t k>
EXACTBN_INLINE Interval in_double_double(const Place<k>& at) {
  double sum = at.offset_high;
  double rest = at.offset_low;
  double size = std::fabs(sum);
  for (std::size_t j = 0; j < k; ++j) {
    const double product = at.high[j] * at.in[j];
    const double error = std::fma(at.high[j], at.in[j], -product);
    const double tail = std::fma(at.low[j], at.in[j], error);
    size += std::fabs(product);
    double sum_error;
    two_sum(sum, product, sum, sum_error);
    rest += tail + sum_error;
  }
  double high;
  double low;
  two_sum(sum, rest, high, low);
  const double bound = size * kDoubleDoubleError + kUnderflow;
  return {high + (low - bound), high + (low + bound)};
}

template <std::size_t k>
EXACTBN_INLINE Interval in_double(const Place<k>& at) {
  double sum = at.offset_high;
  double size = std::fabs(sum);
  for (std::size_t j = 0; j < k; ++j) {
    sum = std::fma(at.high[j], at.in[j], sum);
    size += std::fabs(at.high[j] * at.in[j]);
  }
  const double bound = size * kDoubleError + kUnderflow;
  return {sum - bound, sum + bound};
}

// The nearest value of a short format; |value| < 2^900. Adding 1.5 2^(52 + q)
// leaves multiples of 2^q, rounded to even.
template <DType dtype>
EXACTBN_INLINE double narrowed(double value) {
  constexpr Format f = format(dtype);
  if constexpr (dtype == DType::f64) return value;
  if constexpr (dtype == DType::f32) return static_cast<float>(value);
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto biased = static_cast<std::int64_t>(bits >> 52 & 0x7ff);
  const std::int64_t unit =
      std::max<std::int64_t>(biased - f.precision + 1, f.quantum() + 1023);
  const auto magic = std::bit_cast<double>(
      static_cast<std::uint64_t>(unit + 52) << 52 | std::uint64_t{1} << 51);
  const double rounded = std::copysign((value + magic) - magic, value);
  // overflow() read as a number.
  constexpr auto kBeyond = std::bit_cast<double>(
      (f.overflow() << (53 - f.precision)) +
      (static_cast<std::uint64_t>(1023 - f.bias()) << 52));
  const bool overflows = std::fabs(rounded) >= kBeyond;
  return overflows ? std::copysign(HUGE_VAL, value) : rounded;
}

template <DType dtype, std::size_t k, bool same>
EXACTBN_INLINE std::int64_t loop(const KernelForms& f,
                                 const double* const* inputs, std::int64_t n,
                                 double* rounded, std::uint8_t* open) {
  // Copies: what is written below could alias what f points to.
  const KernelForms forms = f;
  std::array<const double*, k> in;
  std::copy_n(inputs, k, in.begin());
  const Place<k> first = place<k>(forms, in, 0);
  std::int64_t count = 0;
  EXACTBN_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    Place<k> at = same ? first : place<k>(forms, in, i);
    for (std::size_t j = 0; j < k; ++j) at.in[j] = in[j][i];
    const Interval v =
        dtype == DType::f64 ? in_double_double<k>(at) : in_double<k>(at);
    const double down = narrowed<dtype>(v.down);
    const double up = narrowed<dtype>(v.up);
    // Both ends alike, and of one sign: a zero has the sign of what it rounds.
    const bool one_sign = (v.down > 0) | (v.up < 0);
    const bool decided = (down == up) & one_sign & (std::fabs(v.up) < 0x1p900);
    rounded[i] = up;
    open[i] = static_cast<std::uint8_t>(!decided);
    count += !decided;
  }
  return count;
}

template <DType dtype>
EXACTBN_INLINE std::int64_t of_format(const KernelForms& f,
                                      const double* const* in, std::int64_t n,
                                      double* rounded, std::uint8_t* open) {
  if (f.same) {
    if (f.k == 1) return loop<dtype, 1, true>(f, in, n, rounded, open);
    if (f.k == 2) return loop<dtype, 2, true>(f, in, n, rounded, open);
    return loop<dtype, 3, true>(f, in, n, rounded, open);
  }
  if (f.k == 1) return loop<dtype, 1, false>(f, in, n, rounded, open);
  if (f.k == 2) return loop<dtype, 2, false>(f, in, n, rounded, open);
  return loop<dtype, 3, false>(f, in, n, rounded, open);
}

EXACTBN_INLINE std::int64_t of_any(const KernelForms& f,
                                   const double* const* in, std::int64_t n,
                                   DType dtype, double* rounded,
                                   std::uint8_t* open) {
  switch (dtype) {
    case DType::f64:
      return of_format<DType::f64>(f, in, n, rounded, open);
    case DType::f32:
      return of_format<DType::f32>(f, in, n, rounded, open);
    case DType::f16:
      return of_format<DType::f16>(f, in, n, rounded, open);
    case DType::bf16:
      return of_format<DType::bf16>(f, in, n, rounded, open);
    case DType::f8e4m3fn:
      return of_format<DType::f8e4m3fn>(f, in, n, rounded, open);
    case DType::f8e5m2:
      break;
  }
  return of_format<DType::f8e5m2>(f, in, n, rounded, open);
}

using Kernel = std::int64_t (*)(const KernelForms&, const double* const*,
                                std::int64_t, DType, double*, std::uint8_t*);

std::int64_t baseline(const KernelForms& f, const double* const* in,
                      std::int64_t n, DType dtype, double* rounded,
                      std::uint8_t* open) {
  return of_any(f, in, n, dtype, rounded, open);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) std::int64_t avx2(
    const KernelForms& f, const double* const* in, std::int64_t n, DType dtype,
    double* rounded, std::uint8_t* open) {
  return of_any(f, in, n, dtype, rounded, open);
}

__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")))
std::int64_t
avx512(const KernelForms& f, const double* const* in, std::int64_t n,
       DType dtype, double* rounded, std::uint8_t* open) {
  return of_any(f, in, n, dtype, rounded, open);
}
#endif

Kernel best_kernel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw")) {
    return avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return avx2;
  }
#endif
  return baseline;
}

}  // namespace

std::int64_t evaluate(const KernelForms& forms,
                      const std::array<const double*, KernelForms::kMost>& in,
                      std::int64_t n, DType dtype, double* rounded,
                      std::uint8_t* open) {
  static const Kernel kernel = best_kernel();
  return kernel(forms, in.data(), n, dtype, rounded, open);
}

}  // namespace exactbn
