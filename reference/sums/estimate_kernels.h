// SPDX-License-Identifier: Apache-2.0
// The loops of estimated_sums.
#pragma once

#include <array>
#include <cstdint>

namespace exactbn::estimate {

// Columns that are summed side by side: neighbours in one channel, or
// neighbouring channels.
inline constexpr std::int64_t kLanes = 16;
// Rows per step of a kernel: summed as a tree, or in order for f64.
inline constexpr std::int64_t kTree = 8;
inline constexpr std::int64_t kStep = kLanes * kTree;
// A lane sums at most this many values before its sum is added to the others.
inline constexpr int kRowBits = 14;
inline constexpr std::int64_t kMostRows = std::int64_t{1} << kRowBits;
// How values are summed: by trees of plain additions, whose products are exact;
// by two-sums; or onto a number so large that two subtractions find what an
// addition loses. The latter two are for f64 only, and also sum magnitudes.
enum class Summation : std::uint8_t { trees, two_sums, biased };

enum Sum : std::uint8_t { kX, kXX, kSize, kDy, kDyX, kDyDy, kDySize, kSums };

// The sums of each lane, as high + low.
struct Totals {
  std::array<std::array<double, kLanes>, kSums> high{};
  std::array<std::array<double, kLanes>, kSums> low{};
};

// Rows of kLanes values of x and dy. The values `ahead` are prefetched.
template <class Real>
struct Rows {
  const Real* x;
  const Real* dy;
  std::int64_t count;
  std::int64_t stride;
  std::int64_t ahead;
};

template <class Real>
using SumRows = void (*)(const Rows<Real>&, Totals&);

// The fastest kernel for this processor. It adds rows, a multiple of kTree, to
// the totals. For float only trees exist.
template <class Real>
SumRows<Real> sum_rows(Summation method);

}  // namespace exactbn::estimate
