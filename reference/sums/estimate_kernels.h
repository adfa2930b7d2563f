// SPDX-License-Identifier: Apache-2.0
// The loops of estimated_sums.
#pragma once

#include <array>
#include <cstdint>

namespace exactbn::estimate {

// Columns that are summed side by side: neighbours of one channel, or channels.
inline constexpr std::int64_t kLanes = 16;
// Rows that are summed as a tree; of f64 one after the other.
inline constexpr std::int64_t kTree = 8;
inline constexpr std::int64_t kStep = kLanes * kTree;
// Values of a lane, at most, until its sum is added to those of others.
inline constexpr int kRowBits = 14;
inline constexpr std::int64_t kMostRows = std::int64_t{1} << kRowBits;
// How values are added: by trees of plain additions, whose products are exact;
// by two-sums; or to a number so large that what an addition loses is found by
// two subtractions. Of the latter two, and of f64 alone, sizes are summed too.
enum class Adds : std::uint8_t { trees, two_sums, biased };

enum Sum : std::uint8_t { kX, kXX, kSize, kDy, kDyX, kDyDy, kDySize, kSums };

// Of each lane the sums, as high + low.
struct Totals {
  std::array<std::array<double, kLanes>, kSums> high{};
  std::array<std::array<double, kLanes>, kSums> low{};
};

// Rows of kLanes values of x and dy; what lies `ahead` is needed next.
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

// Adds rows, a multiple of kTree of them, to the totals; the fastest for this
// processor. Of float by trees alone.
template <class Real>
SumRows<Real> sum_rows(Adds adds);

}  // namespace exactbn::estimate
