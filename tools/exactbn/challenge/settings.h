// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/exactbn/challenge/families.h"
#include "tools/exactbn/report/json_parts.h"

namespace exactbn {

// The settings as an object of JSON reports, and back. Throws UsageError, which
// names the field.
Json settings_json(const ChallengeSettings& settings);
ChallengeSettings read_settings(const Json& json);

// Throws UsageError, which names the field, unless all families are known.
void require_families(std::string_view field,
                      const std::vector<std::string>& names);

// Throws UsageError, which names the field, unless the numbers are in range and
// the families known.
void require_valid(const ChallengeSettings& settings);

}  // namespace exactbn
