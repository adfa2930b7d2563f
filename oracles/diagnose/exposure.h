// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/diagnose.h"

namespace exactbn {

// What diagnosis finds for a defect as a subject that answers each case twice.
struct Exposure {
  std::vector<std::size_t> failed;  // indices of cases
  Diagnosis diagnosis;
};

// One for each defect, in the order of `defects`. Each model's answer is
// computed once and shared.
std::vector<Exposure> expose_defects(const std::vector<Case>& cases);

}  // namespace exactbn
