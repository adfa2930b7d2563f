// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tools/exactbn/run.h"

namespace exactbn {

// The common parts of JSON reports. Fields keep the order of the source.
using Json = nlohmann::ordered_json;

// null if the number is infinite or NaN, which JSON cannot express.
Json json_number(double value);

// `run`, `passed`, `failed`, `missing`, `undecided`, `beyond`,
// `unsupported`.
Json summary_json(const Summary& summary);

// The environment of a run: `exactbn`, `compiler`, `system`, `machine` and
// `threads`.
Json environment();

// The largest error in each bin of an ulp histogram, in steps; null for the
// last bin, which is unbounded.
Json ulp_bins();

// A report as the text of a file, in ASCII: no character of a subject's name or
// message can steer a terminal. Replaces bytes that are not UTF-8.
std::string report_text(const Json& report);

// The text, or null if it is empty.
inline Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace exactbn
