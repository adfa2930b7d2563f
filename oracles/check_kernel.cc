// SPDX-License-Identifier: Apache-2.0
#include "oracles/check_kernel.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "reference/lanes.h"

namespace exactbn {

namespace {

// Values that are looked at side by side.
constexpr std::int64_t kLanes = 16;
// How far ahead values are asked of the second cache for the first.
constexpr std::int64_t kAhead = 256;

// bounds.md, "The filter".
constexpr double kDoubleDoubleError = 0x1p-100;
constexpr double kDoubleError = 0x1p-50;
constexpr double kSlack = 0x1p-40;

constexpr std::uint64_t kExponent = 0x7ff0000000000000;

// a b + c, fused where the processor can: what is decided here does not depend
// on it, as the bounds hold for both.
template <bool fused>
EXACTBN_INLINE double madd(double a, double b, double c) {
  if constexpr (fused) return std::fma(a, b, c);
  return a * b + c;
}

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

// The form at one place, and the values there.
template <std::size_t k>
struct Place {
  std::array<double, k> high;
  std::array<double, k> low;
  std::array<double, k> tol;
  double offset_high;
  double offset_low;
  double tol_centred;
  double tol_one;
  double centre;
  double floor;
};

template <std::size_t k>
EXACTBN_INLINE Place<k> place(const CheckForms& f, std::int64_t i) {
  Place<k> at;
  for (std::size_t j = 0; j < k; ++j) {
    at.high[j] = f.high[j][i];
    at.low[j] = f.low[j][i];
    at.tol[j] = f.tol[j][i];
  }
  at.offset_high = f.offset_high[i];
  at.offset_low = f.offset_low[i];
  at.tol_centred = f.tol_centred[i];
  at.tol_one = f.tol_one[i];
  at.centre = f.centre[i];
  at.floor = f.floor[i];
  return at;
}

// A form's value but for its error: high + low, the latter 0 unless `precise`.
struct Sum {
  double high;
  double low;
};

template <bool fused, bool precise, std::size_t k>
EXACTBN_INLINE Sum sum_of(const Place<k>& at, const std::array<double, k>& in) {
  double sum = at.offset_high;
  if constexpr (!precise) {
    for (std::size_t j = 0; j < k; ++j) {
      sum = madd<fused>(at.high[j], in[j], sum);
    }
    return {sum, 0};
  }
  double rest = at.offset_low;
  for (std::size_t j = 0; j < k; ++j) {
    const double product = at.high[j] * in[j];
    const double error = std::fma(at.high[j], in[j], -product);
    // Knuth's two-sum.
    const double next = sum + product;
    const double part = next - sum;
    const double lost = (sum - (next - part)) + (product - part);
    sum = next;
    rest += std::fma(at.low[j], in[j], error) + lost;
  }
  return {sum, rest};
}

template <bool precise>
constexpr double kError = precise ? kDoubleDoubleError : kDoubleError;

// The ulp of the binade of a number that is not negative.
EXACTBN_INLINE double ulp_of(double size, const Scale& scale) {
  const auto bits = std::bit_cast<std::uint64_t>(size) & kExponent;
  const double ulp = std::bit_cast<double>(bits) * scale.ulp_of_one;
  return ulp > scale.quantum ? ulp : scale.quantum;
}

template <bool precise, std::size_t k>
EXACTBN_INLINE ErrorBounds bounds_of(const Place<k>& at,
                                     const std::array<double, k>& in,
                                     double got, const Scale& scale) {
  const Sum f = sum_of<false, precise, k>(at, in);
  double size = std::fabs(at.offset_high);
  for (std::size_t j = 0; j < k; ++j) size += std::fabs(at.high[j] * in[j]);
  const double bound = size * kError<precise> + at.floor;
  const double error = std::fabs((got - f.high) - f.low);
  const double slack = bound + error * kSlack;
  const double value = std::fabs(f.high + f.low);
  const double away = bound + value * 0x1p-52;  // it is rounded
  const double down = value - away;
  return {error - slack, error + slack, ulp_of(down > 0 ? down : 0, scale),
          ulp_of(value + away, scale)};
}

// What part of its binade an error may be that is within so many ulp.
template <bool precise>
double part_of_binade(const Scale& scale, double ulps) {
  const double part = std::min(ulps, 0x1p100) * scale.ulp_of_one;
  return (part - 4 * kError<precise>)*(1 - kSlack);
}

// Whether `got` is surely within `part` of its binade, and, if `whole`, within
// half an ulp, `half` of its binade, and its tolerance.
template <bool fused, bool precise, bool whole, std::size_t k>
EXACTBN_INLINE bool is_near(const Place<k>& at, const std::array<double, k>& in,
                            double got, double part, double half) {
  constexpr double kLess = 1 - kSlack;
  constexpr double kMore = 1 + 0x1p-29;
  constexpr double kFactor = 2 * kError<precise> * kMore;
  // The bound of the error, but for a part of the binade.
  double rest = kFactor * std::fabs(at.offset_high) + kMore * at.floor;
  for (std::size_t j = 0; j + 1 < k; ++j) {
    rest = madd<fused>(kFactor * std::fabs(at.high[j]), std::fabs(in[j]), rest);
  }
  const Sum f = sum_of<fused, precise, k>(at, in);
  const double error =
      std::fabs(precise ? (got - f.high) - f.low : got - f.high);
  const double size = std::fabs(precise ? f.high + f.low : f.high);
  const double least = madd<fused>(size, kLess, -rest);
  const double binade = std::bit_cast<double>(
      std::bit_cast<std::uint64_t>(least > 0 ? least : 0) & kExponent);
  const double by_ulps = madd<fused>(binade, part, -rest);
  if constexpr (!whole) return error <= by_ulps;
  double tol =
      madd<fused>(at.tol_centred * kLess, std::fabs(in[k - 1] - at.centre),
                  at.tol_one * kLess - rest);
  for (std::size_t j = 0; j < k; ++j) {
    tol = madd<fused>(at.tol[j] * kLess, std::fabs(in[j]), tol);
  }
  const double by_eta = madd<fused>(binade, half, tol);
  return error <= (by_eta < by_ulps ? by_eta : by_ulps);
}

// Asks the memory for kLanes values: 3 is the nearest cache.
template <int locality, class Real>
EXACTBN_INLINE void prefetch_lanes(const Real* from) {
  constexpr std::int64_t kLine = 64 / sizeof(Real);
  for (std::int64_t l = 0; l < kLanes; l += kLine) {
    __builtin_prefetch(from + l, 0, locality);
  }
}

template <class Real, bool whole, std::size_t k, bool same, bool precise,
          bool fused>
EXACTBN_INLINE std::int64_t count_loop(const CheckForms& forms,
                                       const CheckValues& values,
                                       std::int64_t n, const Scale& scale,
                                       double ulps) {
  std::array<const Real*, k> in;
  for (std::size_t j = 0; j < k; ++j) {
    in[j] = static_cast<const Real*>(values.in[j]);
  }
  const Real* const got = static_cast<const Real*>(values.got);
  const Real* const next = static_cast<const Real*>(values.next);
  const double half = part_of_binade<precise>(scale, 0.5);
  const double part =
      part_of_binade<precise>(scale, whole ? ulps : std::min(ulps, 0.5));
  const Place<k> first = place<k>(forms, 0);
  const std::int64_t width = same ? n : forms.width;
  // 1 where value i, of channel l, is not near.
  const auto far = [&](std::int64_t i, std::int64_t l) {
    const Place<k> at = same ? first : place<k>(forms, l);
    std::array<double, k> x;
    for (std::size_t j = 0; j < k; ++j) x[j] = in[j][i];
    return is_near<fused, precise, whole, k>(at, x, got[i], part, half) ? 0.0
                                                                        : 1.0;
  };
  std::array<double, kLanes> counts{};
  for (std::int64_t row = 0; row < n; row += width) {
    std::int64_t first_lane = 0;
    for (; first_lane + kLanes <= width; first_lane += kLanes) {
      const std::int64_t i = row + first_lane;
      if (next) prefetch_lanes<2>(next + i);
      if (i + kAhead + kLanes <= n) {
        for (std::size_t j = 0; j < k; ++j) {
          prefetch_lanes<3>(in[j] + i + kAhead);
        }
        prefetch_lanes<3>(got + i + kAhead);
      }
      EXACTBN_LANES
      for (std::int64_t l = 0; l < kLanes; ++l) {
        counts[static_cast<std::size_t>(l)] += far(i + l, first_lane + l);
      }
    }
    for (; first_lane < width; ++first_lane) {
      counts[0] += far(row + first_lane, first_lane);
    }
  }
  double count = 0;
  for (const double lane : counts) count += lane;
  return static_cast<std::int64_t>(count);
}

template <class Real, std::size_t k, bool same, bool precise>
EXACTBN_INLINE void measure_loop(const CheckForms& forms,
                                 const CheckValues& values, std::int64_t n,
                                 const Scale& scale, ErrorBounds* bounds) {
  for (std::int64_t i = 0; i < n; ++i) {
    const Place<k> at = place<k>(forms, same ? 0 : i % forms.width);
    std::array<double, k> x;
    for (std::size_t j = 0; j < k; ++j) {
      x[j] = static_cast<const Real*>(values.in[j])[i];
    }
    bounds[i] = bounds_of<precise, k>(
        at, x, static_cast<const Real*>(values.got)[i], scale);
  }
}

// What is to be done, with all that must be known where it is compiled.
template <bool whole>
struct Count {
  const CheckForms& forms;
  const CheckValues& values;
  std::int64_t n;
  Scale scale;
  double ulps;

  template <class Real, std::size_t k, bool same, bool precise, bool fused>
  EXACTBN_INLINE std::int64_t run() const {
    return count_loop<Real, whole, k, same, precise, fused>(forms, values, n,
                                                            scale, ulps);
  }
};

struct Measure {
  const CheckForms& forms;
  const CheckValues& values;
  std::int64_t n;
  Scale scale;
  ErrorBounds* bounds;

  template <class Real, std::size_t k, bool same, bool precise, bool fused>
  EXACTBN_INLINE std::int64_t run() const {
    measure_loop<Real, k, same, precise>(forms, values, n, scale, bounds);
    return 0;
  }
};

template <class Real, bool precise, bool fused, class Task>
EXACTBN_INLINE std::int64_t with_forms(const Task& task) {
  if (task.forms.k == 1) {
    return task.forms.width == 1
               ? task.template run<Real, 1, true, precise, fused>()
               : task.template run<Real, 1, false, precise, fused>();
  }
  if (task.forms.k == 2) {
    return task.forms.width == 1
               ? task.template run<Real, 2, true, precise, fused>()
               : task.template run<Real, 2, false, precise, fused>();
  }
  return task.forms.width == 1
             ? task.template run<Real, 3, true, precise, fused>()
             : task.template run<Real, 3, false, precise, fused>();
}

template <bool fused, class Task>
EXACTBN_INLINE std::int64_t with_types(const Task& task, bool precise) {
  if (task.values.floats) return with_forms<float, false, fused>(task);
  return precise ? with_forms<double, true, fused>(task)
                 : with_forms<double, false, fused>(task);
}

template <class Task>
std::int64_t baseline(const Task& task, bool precise) {
  return with_types<false>(task, precise);
}

#if defined(__x86_64__)
template <class Task>
__attribute__((target("avx2,fma"))) std::int64_t avx2(const Task& task,
                                                      bool precise) {
  return with_types<true>(task, precise);
}

template <class Task>
__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")))
std::int64_t
avx512(const Task& task, bool precise) {
  return with_types<true>(task, precise);
}
#endif

template <class Task>
using Kernel = std::int64_t (*)(const Task&, bool);

template <class Task>
Kernel<Task> best_kernel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw")) {
    return avx512<Task>;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return avx2<Task>;
  }
#endif
  return baseline<Task>;
}

template <class Task>
std::int64_t dispatch(const Task& task, DType dtype) {
  static const Kernel<Task> kernel = best_kernel<Task>();
  return kernel(task, dtype == DType::f64);
}

}  // namespace

std::int64_t count_far(const CheckForms& forms, const CheckValues& values,
                       std::int64_t n, DType dtype, double ulps) {
  return dispatch(Count<false>{forms, values, n, scale_of(dtype), ulps}, dtype);
}

std::int64_t count_loud(const CheckForms& forms, const CheckValues& values,
                        std::int64_t n, DType dtype, double ulps) {
  return dispatch(Count<true>{forms, values, n, scale_of(dtype), ulps}, dtype);
}

void measure(const CheckForms& forms, const CheckValues& values, std::int64_t n,
             DType dtype, ErrorBounds* bounds) {
  dispatch(Measure{forms, values, n, scale_of(dtype), bounds}, dtype);
}

}  // namespace exactbn
