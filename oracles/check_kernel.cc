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
constexpr double kDoubleError = 0x1.00001p-53;
constexpr double kSlack = 0x1p-40;
constexpr double kLess = 1 - kSlack;
// A value is no more than that many times its binade.
constexpr double kBinades = 2.25;

constexpr std::uint64_t kExponent = 0x7ff0000000000000;

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

// The form at one place.
template <std::size_t k>
struct Place {
  std::array<double, k> high;
  std::array<double, k> low;
  double offset_high;
  double offset_low;
  double relative;
  std::array<double, k> rest;
  double rest_one;
};

template <std::size_t k>
EXACTBN_INLINE Place<k> place(const CheckForms& f, std::int64_t i) {
  Place<k> at;
  for (std::size_t j = 0; j < k; ++j) {
    at.high[j] = f.high[j][i];
    at.low[j] = f.low[j][i];
    at.rest[j] = f.rest[j][i];
  }
  at.offset_high = f.offset_high[i];
  at.offset_low = f.offset_low[i];
  at.relative = f.relative[i];
  at.rest_one = f.rest_one[i];
  return at;
}

// The tolerance there.
template <std::size_t k>
struct Allowed {
  std::array<double, k> tol;
  double tol_centred;
  double tol_one;
  double centre;
};

template <std::size_t k>
EXACTBN_INLINE Allowed<k> allowed(const CheckForms& f, std::int64_t i) {
  Allowed<k> at;
  for (std::size_t j = 0; j < k; ++j) at.tol[j] = f.tol[j][i];
  at.tol_centred = f.tol_centred[i];
  at.tol_one = f.tol_one[i];
  at.centre = f.centre[i];
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
    double lost;
    two_sum(sum, product, sum, lost);
    rest += std::fma(at.low[j], in[j], error) + lost;
  }
  return {sum, rest};
}

// The ulp of the binade of a number that is not negative.
EXACTBN_INLINE double ulp_of(double size, const Scale& scale) {
  const auto bits = std::bit_cast<std::uint64_t>(size) & kExponent;
  const double ulp = std::bit_cast<double>(bits) * scale.ulp_of_one;
  return ulp > scale.quantum ? ulp : scale.quantum;
}

// The bound of the error, but for a part of the form.
template <bool fused, std::size_t k>
EXACTBN_INLINE double rest_of(const Place<k>& at,
                              const std::array<double, k>& in) {
  double rest = at.rest_one;
  for (std::size_t j = 0; j + 1 < k; ++j) {
    rest = madd<fused>(at.rest[j], std::fabs(in[j]), rest);
  }
  return rest;
}

template <bool precise, std::size_t k>
EXACTBN_INLINE ErrorBounds bounds_of(const CheckForms& forms, std::int64_t l,
                                     const std::array<double, k>& in,
                                     double got, const Scale& scale) {
  const Place<k> at = place<k>(forms, l);
  const Sum f = sum_of<false, precise, k>(at, in);
  const double value = std::fabs(f.high + f.low);
  const double bound = value * at.relative + rest_of<false, k>(at, in);
  const double error = std::fabs((got - f.high) - f.low);
  const double slack = bound + (error + bound) * kSlack;
  const double away = slack + value * 0x1p-52;  // it is rounded
  const double down = value - away;
  return {error - slack, error + slack, ulp_of(down > 0 ? down : 0, scale),
          ulp_of(value + away, scale)};
}

// What part of its binade an error may be that is within so many ulp, but for
// the error's own bound.
double part_of_binade(const Scale& scale, double ulps) {
  return std::min(ulps, 0x1p100) * scale.ulp_of_one * kLess;
}

// The power of two at or below a number that is not negative, or 0.
EXACTBN_INLINE double binade_of(double size) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(size) & kExponent);
}

// Whether `got` is surely within `part` of its binade, at most half an ulp.
template <bool fused, bool precise, std::size_t k>
EXACTBN_INLINE bool is_near(const Place<k>& at, const std::array<double, k>& in,
                            double got, double part) {
  const Sum f = sum_of<fused, precise, k>(at, in);
  const double error =
      std::fabs(precise ? (got - f.high) - f.low : got - f.high);
  const double binade = binade_of(got * kLess);
  // Of an infinity it is NaN.
  const double excess =
      madd<fused>(at.relative * kBinades - part, binade, error);
  return excess <= -rest_of<fused, k>(at, in);
}

// Whether `got` is surely within `part` of its binade, and within half an ulp,
// `half` of its binade, and its tolerance.
template <bool fused, bool precise, std::size_t k>
EXACTBN_INLINE bool is_quiet(const Place<k>& at, const Allowed<k>& may,
                             const std::array<double, k>& in, double got,
                             double part, double half) {
  const double rest = rest_of<fused, k>(at, in);
  const Sum f = sum_of<fused, precise, k>(at, in);
  const double error =
      std::fabs(precise ? (got - f.high) - f.low : got - f.high);
  const double size = std::fabs(precise ? f.high + f.low : f.high);
  const double least = madd<fused>(size, kLess, -rest);
  const double binade = binade_of(least > 0 ? least : 0);
  const double known = at.relative * kBinades;
  const double by_ulps = madd<fused>(binade, part - known, -rest);
  double tol =
      madd<fused>(may.tol_centred * kLess, std::fabs(in[0] - may.centre),
                  may.tol_one * kLess - rest);
  for (std::size_t j = 0; j < k; ++j) {
    tol = madd<fused>(may.tol[j] * kLess, std::fabs(in[j]), tol);
  }
  const double by_eta = madd<fused>(binade, half - known, tol);
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
  const double half = part_of_binade(scale, 0.5);
  const double part = part_of_binade(scale, whole ? ulps : std::min(ulps, 0.5));
  const Place<k> first = place<k>(forms, 0);
  const Allowed<k> first_allowed = whole ? allowed<k>(forms, 0) : Allowed<k>{};
  const std::int64_t width = same ? n : forms.width;
  // 1 where value i, of channel l, is not near.
  const auto far = [&](std::int64_t i, std::int64_t l) {
    const Place<k> at = same ? first : place<k>(forms, l);
    std::array<double, k> x;
    for (std::size_t j = 0; j < k; ++j) x[j] = in[j][i];
    if constexpr (whole) {
      const Allowed<k> may = same ? first_allowed : allowed<k>(forms, l);
      return is_quiet<fused, precise, k>(at, may, x, got[i], part, half) ? 0.0
                                                                         : 1.0;
    }
    return is_near<fused, precise, k>(at, x, got[i], part) ? 0.0 : 1.0;
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
    std::array<double, k> x;
    for (std::size_t j = 0; j < k; ++j) {
      x[j] = static_cast<const Real*>(values.in[j])[i];
    }
    bounds[i] =
        bounds_of<precise, k>(forms, same ? 0 : i % forms.width, x,
                              static_cast<const Real*>(values.got)[i], scale);
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

FormRounding form_rounding(DType dtype, std::size_t k) {
  if (dtype == DType::f64) {
    return {kDoubleDoubleError, 2 * kDoubleDoubleError};
  }
  return {3 * kDoubleError, static_cast<double>(k + 3) * kDoubleError};
}

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
