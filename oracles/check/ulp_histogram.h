// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "oracles/check/output_verdict.h"

namespace exactbn {

// Counts the values of an output by their distance from the correctly rounded
// value. The distance is the number of steps from one value of the format to
// the next: an integer, and 0 for every value that is `correct`.
struct UlpHistogram {
  // The largest distance in each bin: 0, 1, 2, 4, 8, ..., 2^24. The last bin
  // holds all larger distances.
  static constexpr std::size_t kBins = 27;
  static std::uint64_t most_steps(std::size_t bin);

  std::array<std::int64_t, kBins> off = {};
  // Values without a distance: got or the right value is NaN or an infinity,
  // and they differ.
  std::int64_t unlike = 0;
  std::int64_t undecided = 0;  // not counted by any verdict

  // All values but the undecided ones.
  std::int64_t decided() const;

  UlpHistogram& operator+=(const UlpHistogram& other);
  bool operator==(const UlpHistogram& other) const = default;
};

// The same in little memory, for one case among many: most bins are empty.
class CompactHistogram {
 public:
  CompactHistogram(const UlpHistogram& ulps);

  UlpHistogram expanded() const;
  std::int64_t decided() const { return decided_; }

 private:
  std::vector<std::pair<std::uint8_t, std::int64_t>> bins_;
  std::int64_t unlike_;
  std::int64_t undecided_;
  std::int64_t decided_;
};

// The bin of a number of steps.
std::size_t ulp_bin(std::uint64_t steps);

// The number of steps between two finite values; 0 between the two zeros.
std::uint64_t steps_between(std::uint64_t a, std::uint64_t b, DType dtype);

// One histogram per judged output, in that order. `got` contains all of them.
std::vector<UlpHistogram> ulp_histograms(
    const Problem& problem, const Declaration& declaration,
    const OutputTensors& got, std::span<const OutputVerdict> outputs);

}  // namespace exactbn
