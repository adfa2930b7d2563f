// SPDX-License-Identifier: Apache-2.0
// The loop of magnitude_sums.
#pragma once

#include <array>
#include <cstdint>

namespace exactbn::magnitudes {

// Columns that are summed side by side: neighbours in one channel, or
// neighbouring channels.
inline constexpr std::int64_t kLanes = 16;
using Lanes = std::array<double, kLanes>;

enum Sum : std::uint8_t {
  kX,
  kCentred,
  kDySize,
  kDyX,
  kDyCentred,
  kDySquare,
  kUSize,
  kUX,
  kUCentred,
  kUSquare,
  kUDy,
  kSums,
};
using Sums = std::array<Lanes, kSums>;

// Rows of kLanes values of x, dy and u, and the mean of each lane.
template <class Real>
struct Rows {
  const Real* x;
  const Real* dy;
  const Real* u;
  std::int64_t count;
  std::int64_t stride;
  Lanes mean;
  Lanes mean_low;
};

// Adds the rows to the sums, lane by lane.
void add_rows(const Rows<float>& rows, Sums& sums);
void add_rows(const Rows<double>& rows, Sums& sums);

}  // namespace exactbn::magnitudes
