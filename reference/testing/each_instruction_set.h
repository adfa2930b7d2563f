// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "reference/instruction_sets.h"
// Must come after instruction_sets.h.
#include <hwy/highway.h>

namespace exactbn {

// Calls body once for each instruction set that the kernels are compiled for
// and this processor has, with the kernels using it.
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
  use(0);  // back to the best one
}

}  // namespace exactbn
