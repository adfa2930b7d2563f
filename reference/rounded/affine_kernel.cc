// SPDX-License-Identifier: Apache-2.0
#include "reference/rounded/affine_kernel.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "reference/instruction_sets.h"
#include "reference/sums/double_double.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "reference/rounded/affine_kernel.cc"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

// Declares that the iterations of the next loop are independent. (So does
// OpenMP's simd, but it keeps the small structs of an iteration in memory.)
#if defined(__clang__)
// Silences the warning of unoptimized builds, which cannot vectorize.
#pragma clang diagnostic ignored "-Wpass-failed"
#define EXACTBN_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define EXACTBN_INDEPENDENT _Pragma("GCC ivdep")
#endif

HWY_BEFORE_NAMESPACE();
namespace exactbn {
namespace {
namespace HWY_NAMESPACE {

// bounds.md, "The fast path": 64 u^2 and 8 u with u = 2^-53, and the error from
// underflow.
constexpr double kDoubleDoubleError = 0x1p-100;
constexpr double kDoubleError = 0x1p-50;
constexpr double kUnderflow = 0x1p-1060;

struct Interval {
  double down;
  double up;
};

// The coefficients and the inputs at one place.
template <std::size_t k>
struct Place {
  std::array<double, k> high;
  std::array<double, k> low;
  double offset_high;
  double offset_low;
  std::array<double, k> in;
};

template <std::size_t k>
EXACTBN_INLINE Place<k> place(const FormColumns& f,
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

// The ends of an interval around the form, each rounded to double.
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

// The target format: f64, f32 or a shorter one.
enum class Width : std::uint8_t { f64, f32, shorter };

struct Narrow {
  explicit Narrow(const Format& f)
      : digits(f.precision - 1),
        least(f.quantum() + 1023),
        // overflow() read as a number.
        beyond(std::bit_cast<double>(
            (f.overflow() << (53 - f.precision)) +
            (static_cast<std::uint64_t>(1023 - f.bias()) << 52))) {}

  std::int64_t digits;
  std::int64_t least;  // the exponent of the quantum, biased
  double beyond;
};

// The nearest value of a format; |value| < 2^900. For a short format, adding
// 1.5 2^(52 + q) rounds to a multiple of 2^q, ties to even.
template <Width width>
EXACTBN_INLINE double narrowed(double value, const Narrow& to) {
  if constexpr (width == Width::f64) return value;
  if constexpr (width == Width::f32) return static_cast<float>(value);
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto biased = static_cast<std::int64_t>(bits >> 52 & 0x7ff);
  const std::int64_t unit = std::max(biased - to.digits, to.least);
  const auto magic = std::bit_cast<double>(
      static_cast<std::uint64_t>(unit + 52) << 52 | std::uint64_t{1} << 51);
  const double rounded = std::copysign((value + magic) - magic, value);
  const bool overflows = std::fabs(rounded) >= to.beyond;
  return overflows ? std::copysign(HUGE_VAL, value) : rounded;
}

template <Width width, std::size_t k, bool same>
EXACTBN_INLINE std::int64_t loop(const FormColumns& f,
                                 const double* const* inputs, std::int64_t n,
                                 const Narrow& format, double* rounded,
                                 std::uint8_t* open) {
  // Local copies: what is written below could alias what f points to.
  const FormColumns forms = f;
  const Narrow to = format;
  std::array<const double*, k> in;
  std::copy_n(inputs, k, in.begin());
  const Place<k> first = place<k>(forms, in, 0);
  std::int64_t count = 0;
  EXACTBN_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    Place<k> at = same ? first : place<k>(forms, in, i);
    for (std::size_t j = 0; j < k; ++j) at.in[j] = in[j][i];
    const Interval v =
        width == Width::f64 ? in_double_double<k>(at) : in_double<k>(at);
    const double down = narrowed<width>(v.down, to);
    const double up = narrowed<width>(v.up, to);
    // Both ends round to the same value and have the same sign: a rounded zero
    // has the sign of the number.
    const bool one_sign = (v.down > 0) | (v.up < 0);
    const bool decided = (down == up) & one_sign & (std::fabs(v.up) < 0x1p900);
    rounded[i] = up;
    open[i] = static_cast<std::uint8_t>(!decided);
    count += !decided;
  }
  return count;
}

template <Width width>
std::int64_t with_width(const FormColumns& f, const double* const* in,
                        std::int64_t n, const Narrow& to, double* rounded,
                        std::uint8_t* open) {
  if (f.width == 1) {
    if (f.k == 1) return loop<width, 1, true>(f, in, n, to, rounded, open);
    if (f.k == 2) return loop<width, 2, true>(f, in, n, to, rounded, open);
    return loop<width, 3, true>(f, in, n, to, rounded, open);
  }
  if (f.k == 1) return loop<width, 1, false>(f, in, n, to, rounded, open);
  if (f.k == 2) return loop<width, 2, false>(f, in, n, to, rounded, open);
  return loop<width, 3, false>(f, in, n, to, rounded, open);
}

std::int64_t of_any(const FormColumns& f, const double* const* in,
                    std::int64_t n, DType dtype, double* rounded,
                    std::uint8_t* open) {
  const Narrow to(format(dtype));
  if (dtype == DType::f64) {
    return with_width<Width::f64>(f, in, n, to, rounded, open);
  }
  if (dtype == DType::f32) {
    return with_width<Width::f32>(f, in, n, to, rounded, open);
  }
  return with_width<Width::shorter>(f, in, n, to, rounded, open);
}

}  // namespace HWY_NAMESPACE
}  // namespace
}  // namespace exactbn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace exactbn {

namespace {

HWY_EXPORT(of_any);

}  // namespace

std::int64_t evaluate(const FormColumns& forms,
                      const std::array<const double*, FormColumns::kMost>& in,
                      std::int64_t n, DType dtype, double* rounded,
                      std::uint8_t* open) {
  return HWY_DYNAMIC_DISPATCH(of_any)(forms, in.data(), n, dtype, rounded,
                                      open);
}

}  // namespace exactbn
#endif
