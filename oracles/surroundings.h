// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace exactbn {

// What surrounds a question and is no part of it: the answer must not depend on
// any of this.
struct Surroundings {
  // Where the memory of a tensor begins: so many elements past a boundary of 64
  // bytes, and each tensor `apart` elements further than the one before, inputs
  // first. Counted around: 64 bytes past a boundary is on one.
  int past = 0;
  int apart = 0;
  // What every byte of the memory for outputs holds before the call; unless it
  // is given, values of it are NaN.
  std::optional<std::uint8_t> held = {};
  // OMP_NUM_THREADS of the process that answers; 0: as this one has it.
  int threads = 0;

  bool operator==(const Surroundings&) const = default;
};

}  // namespace exactbn
