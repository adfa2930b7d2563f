// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace exactbn {

// "channel 2", "channels 0, 3, 4", "channels 0, 1, 2, 5 and 6 more"
std::string listed(std::string_view noun,
                   const std::vector<std::int64_t>& numbers);

}  // namespace exactbn
