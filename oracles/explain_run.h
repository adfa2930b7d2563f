// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

// What came of a case of a run.
struct JudgedCase {
  const Case* question = nullptr;
  bool failed = false;  // or passed
};

// Which cases of an operation fail, where one rule tells: "forward_inference
// fails where the channel axis is the last, and nowhere else". The rule holds
// of every case that failed and of none that passed, and both kinds are there.
std::vector<std::string> failing_cases(std::span<const JudgedCase> run);

}  // namespace exactbn
