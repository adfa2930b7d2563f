// SPDX-License-Identifier: Apache-2.0
#include "oracles/check_kernel.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace exactbn {

namespace {

// Compiled once for every instruction set below, and vectorized there.
#define EXACTBN_INLINE [[gnu::always_inline]] inline

#if defined(__clang__)
// Without optimization it cannot vectorize, and need not say so.
#pragma clang diagnostic ignored "-Wpass-failed"
#define EXACTBN_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define EXACTBN_INDEPENDENT _Pragma("GCC ivdep")
#endif

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

// The form's value high + low, the latter only where `precise`, with an error
// of at most `bound`.
struct Approximation {
  double high;
  double low;
  double bound;
};

template <bool precise, std::size_t k>
EXACTBN_INLINE Approximation approximation(const Place<k>& at,
                                           const std::array<double, k>& in) {
  double sum = at.offset_high;
  double size = std::fabs(sum);
  if constexpr (!precise) {
    for (std::size_t j = 0; j < k; ++j) {
      const double product = at.high[j] * in[j];
      sum += product;
      size += std::fabs(product);
    }
    return {sum, 0, size * kDoubleError + at.floor};
  }
  double rest = at.offset_low;
  for (std::size_t j = 0; j < k; ++j) {
    const double product = at.high[j] * in[j];
    const double error = std::fma(at.high[j], in[j], -product);
    size += std::fabs(product);
    // Knuth's two-sum.
    const double next = sum + product;
    const double part = next - sum;
    const double lost = (sum - (next - part)) + (product - part);
    sum = next;
    rest += std::fma(at.low[j], in[j], error) + lost;
  }
  const double high = sum + rest;
  const double bound = size * kDoubleDoubleError + at.floor;
  return {high, rest - (high - sum), bound};
}

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
  const Approximation f = approximation<precise, k>(at, in);
  const double error = std::fabs((got - f.high) - f.low);
  const double slack = f.bound + error * kSlack;
  const double size = std::fabs(f.high);
  const double away = f.bound + size * 0x1p-52;  // high is rounded
  const double down = size - away;
  return {error - slack, error + slack, ulp_of(down > 0 ? down : 0, scale),
          ulp_of(size + away, scale)};
}

// How far from the exact value a value surely is not, as `got` is within its
// tolerance and within `ulps` ulp; false where it may be farther.
template <bool fused, bool precise, std::size_t k>
EXACTBN_INLINE bool is_quiet(const Place<k>& at,
                             const std::array<double, k>& in, double got,
                             const Scale& scale, double ulps) {
  // Roundings of the ends themselves.
  constexpr double kLess = 1 - kSlack;
  double tol =
      madd<fused>(at.tol_centred, std::fabs(in[k - 1] - at.centre), at.tol_one);
  double value = at.offset_high;
  double bound = std::fabs(value) * kDoubleError + at.floor;
  for (std::size_t j = 0; j < k; ++j) {
    const double size = std::fabs(in[j]);
    tol = madd<fused>(at.tol[j], size, tol);
    value = madd<fused>(at.high[j], in[j], value);
    bound = madd<fused>(std::fabs(at.high[j]) * kDoubleError, size, bound);
  }
  double error = std::fabs(got - value);
  if constexpr (precise) {
    const Approximation f = approximation<precise, k>(at, in);
    error = std::fabs((got - f.high) - f.low);
    value = f.high;
    bound = f.bound;
  }
  // In double-double `high` is rounded.
  const double away = precise ? bound + std::fabs(value) * 0x1p-52 : bound;
  const double down = std::fabs(value) - away;
  const double ulp = ulp_of(down > 0 ? down : 0, scale);
  const double by_eta = madd<fused>(0.5 * kLess, ulp, tol);
  const double by_ulps = ulps * kLess * ulp;
  return error + bound <= (by_eta < by_ulps ? by_eta : by_ulps);
}

template <class Real, std::size_t k, bool same, bool precise, bool fused>
EXACTBN_INLINE std::int64_t count_loop(const CheckForms& forms,
                                       const CheckValues& values,
                                       std::int64_t n, const Scale& scale,
                                       double ulps) {
  std::array<const Real*, k> in;
  for (std::size_t j = 0; j < k; ++j) {
    in[j] = static_cast<const Real*>(values.in[j]);
  }
  const Real* got = static_cast<const Real*>(values.got);
  const Place<k> first = place<k>(forms, 0);
  std::int64_t loud = 0;
  EXACTBN_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    const Place<k> at = same ? first : place<k>(forms, i);
    std::array<double, k> x;
    for (std::size_t j = 0; j < k; ++j) x[j] = in[j][i];
    loud += !is_quiet<fused, precise, k>(at, x, got[i], scale, ulps);
  }
  return loud;
}

template <class Real, std::size_t k, bool same, bool precise>
EXACTBN_INLINE void measure_loop(const CheckForms& forms,
                                 const CheckValues& values, std::int64_t n,
                                 const Scale& scale, ErrorBounds* bounds) {
  for (std::int64_t i = 0; i < n; ++i) {
    const Place<k> at = place<k>(forms, same ? 0 : i);
    std::array<double, k> x;
    for (std::size_t j = 0; j < k; ++j) {
      x[j] = static_cast<const Real*>(values.in[j])[i];
    }
    bounds[i] = bounds_of<precise, k>(
        at, x, static_cast<const Real*>(values.got)[i], scale);
  }
}

// What is to be done, with all that must be known where it is compiled.
struct Count {
  const CheckForms& forms;
  const CheckValues& values;
  std::int64_t n;
  Scale scale;
  double ulps;

  template <class Real, std::size_t k, bool same, bool precise, bool fused>
  EXACTBN_INLINE std::int64_t run() const {
    return count_loop<Real, k, same, precise, fused>(forms, values, n, scale,
                                                     ulps);
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
    return task.forms.same
               ? task.template run<Real, 1, true, precise, fused>()
               : task.template run<Real, 1, false, precise, fused>();
  }
  if (task.forms.k == 2) {
    return task.forms.same
               ? task.template run<Real, 2, true, precise, fused>()
               : task.template run<Real, 2, false, precise, fused>();
  }
  return task.forms.same ? task.template run<Real, 3, true, precise, fused>()
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

std::int64_t count_loud(const CheckForms& forms, const CheckValues& values,
                        std::int64_t n, DType dtype, double ulps) {
  return dispatch(Count{forms, values, n, scale_of(dtype), ulps}, dtype);
}

void measure(const CheckForms& forms, const CheckValues& values, std::int64_t n,
             DType dtype, ErrorBounds* bounds) {
  dispatch(Measure{forms, values, n, scale_of(dtype), bounds}, dtype);
}

}  // namespace exactbn
