// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

namespace exactbn {

// What a report was made with: `exactbn`, `compiler`, `system`, `machine` and
// `threads`.
nlohmann::ordered_json environment();

}  // namespace exactbn
