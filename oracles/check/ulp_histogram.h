// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "oracles/check/output_verdict.h"

namespace exactbn {

// How many values of an output are how far off. The distance is the number of
// steps, from one value of the format to the next, between what was got and the
// correctly rounded value: an integer, and 0 for every value that is `correct`.
struct UlpHistogram {
  // The most steps of each bin but the last, which has all that are further
  // off: 0, 1, 2, 4, 8, ..., 2^24.
  static constexpr std::size_t kBins = 27;
  static std::uint64_t most_steps(std::size_t bin);

  std::array<std::int64_t, kBins> off = {};
  // NaN or an infinity, of which one only was got or wanted, or another.
  std::int64_t unlike = 0;
  std::int64_t undecided = 0;  // those that no verdict counts

  // Those that are off by some distance, or unlike.
  std::int64_t decided() const;

  UlpHistogram& operator+=(const UlpHistogram& other);
  bool operator==(const UlpHistogram& other) const = default;
};

// The bin of a number of steps.
std::size_t ulp_bin(std::uint64_t steps);

// The steps from one finite value to another; none between the two zeros.
std::uint64_t steps_between(std::uint64_t a, std::uint64_t b, DType dtype);

// One for each output that was judged, in that order. `got` has them all.
std::vector<UlpHistogram> ulp_histograms(
    const Problem& problem, const Declaration& declaration,
    const OutputTensors& got, std::span<const OutputVerdict> outputs);

}  // namespace exactbn
