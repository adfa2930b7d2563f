// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "properties/maximize.h"

namespace exactbn {

// The outcome of a search for the worst input.
struct MaximizeRun {
  Request request;
  Goal goal;
  Maximum maximum;
  std::string replay;  // the command that validates the saved case
};

// The worst input as a case, named after its goal: maximum-y.eta.
Case case_of(const MaximizeRun& run);

std::string maximize_text(const MaximizeRun& run);

// schema exactbn/maximum/1
std::string maximize_json(const MaximizeRun& run);

// 0 if something was measured, 3 if the subject broke, 4 otherwise.
int exit_code(const Maximum& maximum);

}  // namespace exactbn
