// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace exactbn {

// What JSON reports have in common.

// What a report was made with: `exactbn`, `compiler`, `system`, `machine` and
// `threads`.
nlohmann::ordered_json environment();

// How far off the values of a bin of an ulp histogram are at most, in steps;
// null for the last, which is any number.
nlohmann::ordered_json ulp_bins();

// A report as a file. A subject's name or message may hold bytes that are no
// text, which are replaced.
std::string report_text(const nlohmann::ordered_json& report);

}  // namespace exactbn
