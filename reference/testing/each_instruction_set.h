// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "reference/instruction_sets.h"
// Not before it.
#include <hwy/highway.h>

namespace exactbn {

// Calls body for each instruction set of this processor that kernels are
// compiled for, while they use that one.
template <class Body>
void on_each_instruction_set(const Body& body) {
  const auto use = [](std::int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  };
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    use(target);
    body();
  }
  use(0);  // again what is best
}

}  // namespace exactbn
