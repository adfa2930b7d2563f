// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace exactbn {

// The sum of the words, with all processors and all that they can do: the time
// is that of reading them.
std::uint64_t read_all(const std::vector<std::uint64_t>& words);

}  // namespace exactbn
