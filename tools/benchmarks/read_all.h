// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace exactbn {

// The sum of the words, with all processors and vector instructions, so that
// memory limits the time.
std::uint64_t read_all(const std::vector<std::uint64_t>& words);

}  // namespace exactbn
