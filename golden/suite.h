// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

inline constexpr std::uint64_t kCoreSeed = 20150211;

// The cases that any implementation should solve, or refuse with a reason:
// every operation and format, and the corners. The same seed gives the same
// cases on every machine. labels.h has the labels.
std::vector<Case> core_suite(std::uint64_t seed = kCoreSeed);

}  // namespace exactbn
