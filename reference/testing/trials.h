// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference/tensor/sanitized.h"

namespace exactbn {

// How often a test draws that draws `all` times. Sanitizers make it several
// times slower, and look for wrong accesses and overflows, which are not as
// rare as the values that all draws are there to meet.
constexpr int trials(int all) {
  constexpr int kOneIn = 8;
  return kSanitized ? (all + kOneIn - 1) / kOneIn : all;
}

}  // namespace exactbn
