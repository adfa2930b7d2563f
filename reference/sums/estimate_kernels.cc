// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/estimate_kernels.h"

#include <algorithm>
#include <cmath>

#include "reference/instruction_sets.h"
#include "reference/sums/double_double.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "reference/sums/estimate_kernels.cc"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace exactbn::estimate {
namespace {
namespace HWY_NAMESPACE {

// a b + c, fused if the processor can; only for uses in which this gives the
// same result.
EXACTBN_INLINE double madd(double a, double b, double c) {
  if constexpr (HWY_NATIVE_FMA) return std::fma(a, b, c);
  return a * b + c;
}

// Adds `value` to `high`. Returns the rounding error.
template <Summation method>
EXACTBN_INLINE double add(double value, double& high) {
  double lost;
  if constexpr (method == Summation::biased) {
    const double sum = high + value;
    lost = value - (sum - high);
    high = sum;
  } else {
    two_sum(high, value, high, lost);
  }
  return lost;
}

// The values of one lane.
template <class Real>
struct Lane {
  const Real* first;
  std::int64_t stride;

  EXACTBN_INLINE double operator[](std::int64_t i) const {
    return static_cast<double>(first[i * stride]);
  }
};

// Adds a_0 + ... + a_7, or a_0 b_0 + ... + a_7 b_7. In a tree, whose products
// are exact, each term is rounded three times.
template <Summation method, class Real>
EXACTBN_INLINE void add_all(const Lane<Real>& a, double& high, double& low) {
  if constexpr (method != Summation::trees) {
    for (std::int64_t i = 0; i < kTree; ++i) low += add<method>(a[i], high);
  } else {
    const double tree =
        ((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7]));
    low += add<method>(tree, high);
  }
}

template <Summation method, class Real>
EXACTBN_INLINE void add_all(const Lane<Real>& a, const Lane<Real>& b,
                            double& high, double& low) {
  if constexpr (method != Summation::trees) {
    for (std::int64_t i = 0; i < kTree; ++i) {
      const double product = a[i] * b[i];
      const double more = std::fma(a[i], b[i], -product);
      low += add<method>(product, high) + more;
    }
  } else {
    const double p = madd(a[0], b[0], a[1] * b[1]);
    const double q = madd(a[2], b[2], a[3] * b[3]);
    const double r = madd(a[4], b[4], a[5] * b[5]);
    const double s = madd(a[6], b[6], a[7] * b[7]);
    low += add<method>((p + q) + (r + s), high);
  }
}

// Adds the magnitudes of the values.
template <class Real>
EXACTBN_INLINE void add_sizes(const Lane<Real>& a, double& sum) {
  for (std::int64_t i = 0; i < kTree; ++i) sum += std::fabs(a[i]);
}

template <class Real>
EXACTBN_INLINE void prefetch_row(const Real* row) {
  constexpr std::int64_t kLine = 64 / sizeof(Real);
  for (std::int64_t l = 0; l < kLanes; l += kLine) {
    __builtin_prefetch(row + l, 0, 2);
  }
}

template <class Real, bool has_dy, Summation method>
EXACTBN_INLINE void add_rows(const Rows<Real>& rows, Totals& totals) {
  // Local copies: `totals` could alias the rows.
  constexpr std::size_t kCount = has_dy ? kSums : kDy;
  std::array<std::array<double, kLanes>, kCount> high;
  std::array<std::array<double, kLanes>, kCount> low;
  std::copy_n(totals.high.begin(), kCount, high.begin());
  std::copy_n(totals.low.begin(), kCount, low.begin());
  const std::int64_t stride = rows.stride;
  for (std::int64_t r = 0; r < rows.count; r += kTree) {
    const Real* const x = rows.x + r * stride;
    const Real* const dy = has_dy ? rows.dy + r * stride : nullptr;
    for (std::int64_t i = 0; i < kTree; ++i) {
      prefetch_row(x + i * stride + rows.ahead);
      if constexpr (has_dy) prefetch_row(dy + i * stride + rows.ahead);
    }
    EXACTBN_LANES
    for (std::size_t l = 0; l < kLanes; ++l) {
      const Lane<Real> a{x + l, stride};
      add_all<method>(a, high[kX][l], low[kX][l]);
      add_all<method>(a, a, high[kXX][l], low[kXX][l]);
      if constexpr (method != Summation::trees) add_sizes(a, high[kSize][l]);
      if constexpr (has_dy) {
        const Lane<Real> b{dy + l, stride};
        add_all<method>(b, high[kDy][l], low[kDy][l]);
        add_all<method>(b, a, high[kDyX][l], low[kDyX][l]);
        add_all<method>(b, b, high[kDyDy][l], low[kDyDy][l]);
        if constexpr (method != Summation::trees)
          add_sizes(b, high[kDySize][l]);
      }
    }
  }
  std::copy_n(high.begin(), kCount, totals.high.begin());
  std::copy_n(low.begin(), kCount, totals.low.begin());
}

template <class Real, Summation method>
void add_any(const Rows<Real>& rows, Totals& totals) {
  if (rows.dy) return add_rows<Real, true, method>(rows, totals);
  add_rows<Real, false, method>(rows, totals);
}

SumRows<float> of_float() { return add_any<float, Summation::trees>; }

SumRows<double> of_double(Summation method) {
  switch (method) {
    case Summation::trees:
      return add_any<double, Summation::trees>;
    case Summation::two_sums:
      return add_any<double, Summation::two_sums>;
    case Summation::biased:
      break;
  }
  return add_any<double, Summation::biased>;
}

}  // namespace HWY_NAMESPACE
}  // namespace
}  // namespace exactbn::estimate
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace exactbn::estimate {

namespace {

HWY_EXPORT(of_float);
HWY_EXPORT(of_double);

}  // namespace

template <>
SumRows<float> sum_rows<float>(Summation) {
  return HWY_DYNAMIC_DISPATCH(of_float)();
}

template <>
SumRows<double> sum_rows<double>(Summation method) {
  return HWY_DYNAMIC_DISPATCH(of_double)(method);
}

}  // namespace exactbn::estimate
#endif
