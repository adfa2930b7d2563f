// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/page.h"

namespace exactbn {

// The data of the charts, as JSON that can be embedded in a script element. It
// repeats a part of json_report in a short form, for thousands of points: words
// are indices into "words", and numbers have three digits.
//
//   {"words": ["y", "f32", ...],
//    "bins": [0, 1, 2, 4, ..., null],
//    "subjects": [
//      {"name": "onednn",
//       "cases": [["fwd-f32-0007", operation, dtype, m, verdict], ...],
//       "points": [[case, output, grade, eta or null, kappa or null], ...],
//       "histograms": [[output, dtype, values..., ], ...]}]}
//
// The numbers of a histogram are the counts of its bins, then `unlike`.
std::string page_data(const std::vector<PageSubject>& subjects);

}  // namespace exactbn
