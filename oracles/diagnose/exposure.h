// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/diagnose.h"

namespace exactbn {

// What comes of a defect as a subject that is asked some cases, each twice.
struct Exposure {
  std::vector<std::size_t> failed;  // cases, by their places
  Diagnosis diagnosis;
};

// Of each defect, in the order of `defects`. What one model answers is computed
// once, for all of them.
std::vector<Exposure> expose_defects(const std::vector<Case>& cases);

}  // namespace exactbn
