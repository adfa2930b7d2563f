// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/tensor/sanitized.h"

namespace exactbn {

// How often a test draws that normally draws `all` times. Sanitizers make it
// several times slower, and they look for wrong accesses and overflows, which
// are less rare than the values that need all draws.
constexpr int trials(int all) {
  constexpr int kOneIn = 8;
  return kSanitized ? (all + kOneIn - 1) / kOneIn : all;
}

}  // namespace exactbn
