// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/draw/problem.h"

namespace exactbn {

// The cases of `properties_small`; gradcheck_torch.py uses the first of them.
inline constexpr std::uint64_t kSmallSeed = 1;
inline DrawOptions small_draw() {
  DrawOptions options;
  options.profile = Profile::small;
  return options;
}

}  // namespace exactbn
