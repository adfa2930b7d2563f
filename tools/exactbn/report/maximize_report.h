// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "properties/maximize.h"

namespace exactbn {

// What came of looking for the worst input.
struct MaximizeRun {
  Request request;
  Goal goal;
  Maximum maximum;
  std::string replay;  // the command that asks the saved case
};

// The record, by the name of its goal: maximum-y.eta.
Case case_of(const MaximizeRun& run);

std::string maximize_text(const MaximizeRun& run);

// schema exactbn/maximum/1
std::string maximize_json(const MaximizeRun& run);

// 0 where something was measured, 3 where the subject broke, 4 otherwise.
int exit_code(const Maximum& maximum);

}  // namespace exactbn
