// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/magnitude_kernel.h"

#include <cmath>

#include "reference/instruction_sets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "oracles/judge/magnitude_kernel.cc"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace exactbn::magnitudes {
namespace {
namespace HWY_NAMESPACE {

// How many rows ahead to prefetch if rows are not contiguous.
constexpr std::int64_t kAhead = 16;

template <class Real>
EXACTBN_INLINE void prefetch_row(const Real* row) {
  constexpr std::int64_t kLine = 64 / sizeof(Real);
  for (std::int64_t l = 0; l < kLanes; l += kLine) __builtin_prefetch(row + l);
  __builtin_prefetch(row + kLanes - 1);  // a row may straddle cache lines
}

template <class Real, bool has_dy, bool has_u>
EXACTBN_INLINE void add_all(const Rows<Real>& rows, Sums& all) {
  // A local copy: `all` could alias the rows.
  Sums sums = all;
  for (std::int64_t r = 0; r < rows.count; ++r) {
    const Real* const row_x = rows.x + r * rows.stride;
    const Real* const row_dy = has_dy ? rows.dy + r * rows.stride : nullptr;
    const Real* const row_u = has_u ? rows.u + r * rows.stride : nullptr;
    if (rows.stride > kLanes && r + kAhead < rows.count) {
      prefetch_row(row_x + kAhead * rows.stride);
      if constexpr (has_dy) prefetch_row(row_dy + kAhead * rows.stride);
      if constexpr (has_u) prefetch_row(row_u + kAhead * rows.stride);
    }
    EXACTBN_LANES
    for (std::size_t l = 0; l < kLanes; ++l) {
      const double value = row_x[l];
      const double x = std::fabs(value);
      // The subtraction is exact if the value is close to the mean.
      double d = value - rows.mean[l];
      // An f32 value that close to the mean does not need the low part of the
      // mean.
      if constexpr (sizeof(Real) == sizeof(double)) d -= rows.mean_low[l];
      d = std::fabs(d);
      sums[kX][l] += x;
      sums[kCentred][l] += d * x;
      if constexpr (has_dy) {
        const double f = std::fabs(static_cast<double>(row_dy[l]));
        sums[kDySize][l] += f;
        sums[kDyX][l] += f * x;
        sums[kDyCentred][l] += f * d;
        sums[kDySquare][l] += f * f;
      }
      if constexpr (has_u) {
        const double f = std::fabs(static_cast<double>(row_u[l]));
        sums[kUSize][l] += f;
        sums[kUX][l] += f * x;
        sums[kUCentred][l] += f * d;
        sums[kUSquare][l] += f * f;
        if constexpr (has_dy) {
          sums[kUDy][l] += f * std::fabs(static_cast<double>(row_dy[l]));
        }
      }
    }
  }
  all = sums;
}

template <class Real>
void add_any(const Rows<Real>& rows, Sums& sums) {
  if (rows.u) {
    if (rows.dy) return add_all<Real, true, true>(rows, sums);
    return add_all<Real, false, true>(rows, sums);
  }
  if (rows.dy) return add_all<Real, true, false>(rows, sums);
  add_all<Real, false, false>(rows, sums);
}

void of_float(const Rows<float>& rows, Sums& sums) { add_any(rows, sums); }
void of_double(const Rows<double>& rows, Sums& sums) { add_any(rows, sums); }

}  // namespace HWY_NAMESPACE
}  // namespace
}  // namespace exactbn::magnitudes
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace exactbn::magnitudes {

namespace {

HWY_EXPORT(of_float);
HWY_EXPORT(of_double);

}  // namespace

void add_rows(const Rows<float>& rows, Sums& sums) {
  HWY_DYNAMIC_DISPATCH(of_float)(rows, sums);
}

void add_rows(const Rows<double>& rows, Sums& sums) {
  HWY_DYNAMIC_DISPATCH(of_double)(rows, sums);
}

}  // namespace exactbn::magnitudes
#endif
