// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace exactbn {

// The conditions in which a case is answered. The answer must not depend on
// them.
struct Surroundings {
  // Where the memory of each tensor begins: `past` elements after a 64-byte
  // boundary, and each tensor `apart` elements further than the one before,
  // inputs first. Offsets are taken modulo 64 bytes.
  int past = 0;
  int apart = 0;
  // The value of every byte of output memory before the call; if unset, output
  // memory holds NaN.
  std::optional<std::uint8_t> held = {};
  // If set, tensors lie in memory that is kept from call to call, in this of
  // several arrangements: the same one has them at the same addresses,
  // refilled; another one has moved and permuted them.
  std::optional<std::uint8_t> kept = {};
  // OMP_NUM_THREADS of the process that answers; 0: as in this process.
  int threads = 0;

  bool operator==(const Surroundings&) const = default;
};

}  // namespace exactbn
