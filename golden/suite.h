// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "oracles/subject.h"

namespace exactbn {

inline constexpr std::uint64_t kCoreSeed = 20150211;

// The cases that any implementation should solve, or refuse with a reason:
// every operation and format, the corners among them. The same for the same
// seed, on every machine. Labels are those of labels.h.
std::vector<Case> core_suite(std::uint64_t seed = kCoreSeed);

}  // namespace exactbn
