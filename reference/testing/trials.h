// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/tensor/sanitized.h"

namespace exactbn {

// The number of draws of a test that normally draws `all` times. Sanitizers
// make tests several times slower, and they look for wrong accesses and
// overflows, which are more frequent than the values that need all draws.
constexpr int trials(int all) {
  constexpr int kOneIn = 8;
  return kSanitized ? (all + kOneIn - 1) / kOneIn : all;
}

}  // namespace exactbn
