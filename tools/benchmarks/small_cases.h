// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/draw/problem.h"

namespace exactbn {

// The cases of `properties_small`, of which gradcheck_torch.py has the first.
inline constexpr std::uint64_t kSmallSeed = 1;
inline Hunt small_hunt() {
  Hunt hunt;
  hunt.profile = Profile::small;
  return hunt;
}

}  // namespace exactbn
