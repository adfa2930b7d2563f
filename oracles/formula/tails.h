// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reference/problem.h"

namespace exactbn::formula {

// The values of an output shaped like x that fail in a case.
struct FailingValues {
  const Problem* problem = nullptr;
  std::vector<std::int64_t> failing;  // ascending
};

// "the values of a plane left after blocks of 4": where values fail in all
// cases, if they are what vectors or blocks of one size leave over. In channels
// with failures, nearly all of those and no others fail. Empty if that is not
// so, or if it shows in fewer than three cases.
std::string common_tail(std::span<const FailingValues> cases);

}  // namespace exactbn::formula
