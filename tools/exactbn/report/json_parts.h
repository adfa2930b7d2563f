// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tools/exactbn/run.h"

namespace exactbn {

// What JSON reports have in common. Fields are in the order of the source.
using Json = nlohmann::ordered_json;

// null where the number is infinite or NaN, which JSON has no word for.
Json json_number(double value);

// `run`, `passed`, `failed`, `missing`, `undecided`, `unsupported`.
Json summary_json(const Summary& summary);

// What a report was made with: `exactbn`, `compiler`, `system`, `machine` and
// `threads`.
Json environment();

// How far off the values of a bin of an ulp histogram are at most, in steps;
// null for the last, which is any number.
Json ulp_bins();

// A report as a file. A subject's name or message may hold bytes that are no
// text, which are replaced.
std::string report_text(const Json& report);

}  // namespace exactbn
