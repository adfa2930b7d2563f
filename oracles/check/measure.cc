// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "oracles/check/kernel.h"
#include "oracles/check/scale.h"
#include "reference/instruction_sets.h"
#include "reference/sums/double_double.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "oracles/check/measure.cc"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace exactbn {
namespace {
namespace HWY_NAMESPACE {

// The computed form of column l, high + low; low is 0 unless `precise`.
template <bool precise, std::size_t k>
EXACTBN_INLINE DoubleDouble sum_of(const CheckForms& f, std::size_t l,
                                   const std::array<double, k>& in) {
  double sum = f.offset_high[l];
  double rest = precise ? f.offset_low[l] : 0;
  for (std::size_t j = 0; j < k; ++j) {
    const double product = f.high[j][l] * in[j];
    if constexpr (!precise) {
      sum += product;
    } else {
      const double error = std::fma(f.high[j][l], in[j], -product);
      double lost;
      two_sum(sum, product, sum, lost);
      rest += f.low[j][l] * in[j] + error + lost;
    }
  }
  return {sum, rest};
}

template <class Real, bool precise, std::size_t k>
EXACTBN_INLINE void measure_all(const CheckForms& forms,
                                const CheckValues& values, std::int64_t n,
                                const Scale& scale, ErrorBounds* bounds) {
  const Real* const all_got = static_cast<const Real*>(values.got);
  const auto one = [&](std::int64_t i, std::size_t l) {
    std::array<double, k> in{};
    for (std::size_t j = 0; j < k; ++j) {
      in[j] = static_cast<const Real*>(values.in[j])[i];
    }
    const DoubleDouble f = sum_of<precise, k>(forms, l, in);
    const double size = std::fabs(f.high + f.low);
    double bound = size * forms.bounds.relative[l] + forms.bounds.rest_one[l];
    for (std::size_t j = 0; j + 1 < k; ++j) {
      bound += forms.bounds.rest[j][l] * std::fabs(in[j]);
    }
    const double got = all_got[i];
    // NaN if the form is infinite: nothing is known about the error.
    const double error = std::fabs((got - f.high) - f.low) + size * 0;
    const double slack = bound + (error + bound) * kSlack;
    const double away = slack + size * 0x1p-52;  // size is rounded
    const double down = size - away;
    bounds[i] = {error - slack, error + slack,
                 ulp_of(down > 0 ? down : 0, scale),
                 ulp_of(size + away, scale)};
  };
  if (forms.width == 1) {
    for (std::int64_t i = 0; i < n; ++i) one(i, 0);
    return;
  }
  for (std::int64_t row = 0; row < n; row += forms.width) {
    for (std::int64_t l = 0; l < forms.width; ++l) {
      one(row + l, static_cast<std::size_t>(l));
    }
  }
}

template <class Real, bool precise>
EXACTBN_INLINE void measure_in(const CheckForms& forms,
                               const CheckValues& values, std::int64_t n,
                               const Scale& scale, ErrorBounds* bounds) {
  if (forms.k == 1) {
    return measure_all<Real, precise, 1>(forms, values, n, scale, bounds);
  }
  if (forms.k == 2) {
    return measure_all<Real, precise, 2>(forms, values, n, scale, bounds);
  }
  measure_all<Real, precise, 3>(forms, values, n, scale, bounds);
}

void measure_block(const CheckForms& forms, const CheckValues& values,
                   std::int64_t n, DType dtype, ErrorBounds* bounds) {
  const Scale scale = scale_of(dtype);
  if (values.floats) {
    return measure_in<float, false>(forms, values, n, scale, bounds);
  }
  if (dtype == DType::f64) {
    return measure_in<double, true>(forms, values, n, scale, bounds);
  }
  measure_in<double, false>(forms, values, n, scale, bounds);
}

// Computes the tolerance of every value, one row of columns at a time.
template <class Real>
EXACTBN_INLINE void fill_in(const CheckForms& f, const CheckValues& values,
                            std::int64_t n, double* to) {
  const bool same = f.width == 1;
  const std::int64_t width = same ? n : f.width;
  for (std::int64_t row = 0; row < n; row += width) {
    double* const out = to + row;
    const Real* const x = static_cast<const Real*>(values.in[0]) + row;
    for (std::int64_t i = 0; i < width; ++i) {
      const std::int64_t l = same ? 0 : i;
      out[i] = f.tol_one[l] + f.tol_centred[l] * std::fabs(x[i] - f.centre[l]);
    }
    for (std::size_t j = 0; j < f.k; ++j) {
      const Real* const in = static_cast<const Real*>(values.in[j]) + row;
      for (std::int64_t i = 0; i < width; ++i) {
        const std::int64_t l = same ? 0 : i;
        out[i] += f.tol[j][l] * std::fabs(static_cast<double>(in[i]));
      }
    }
  }
}

void fill_block(const CheckForms& forms, const CheckValues& values,
                std::int64_t n, double* to) {
  if (values.floats) return fill_in<float>(forms, values, n, to);
  fill_in<double>(forms, values, n, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace
}  // namespace exactbn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace exactbn {

namespace {

HWY_EXPORT(measure_block);
HWY_EXPORT(fill_block);

}  // namespace

void measure(const CheckForms& forms, const CheckValues& values, std::int64_t n,
             DType dtype, ErrorBounds* bounds) {
  HWY_DYNAMIC_DISPATCH(measure_block)(forms, values, n, dtype, bounds);
}

void fill_tolerances(const CheckForms& forms, const CheckValues& values,
                     std::int64_t n, double* tolerances) {
  HWY_DYNAMIC_DISPATCH(fill_block)(forms, values, n, tolerances);
}

}  // namespace exactbn
#endif
