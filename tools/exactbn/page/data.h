// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/page.h"

namespace exactbn {

// What the charts of the page draw, as JSON that can stand in a script element:
// the same as json_report has, but short, for there are thousands of points.
// Words are indices into lists; numbers have three digits.
//
//   {"words": ["y", "f32", ...],
//    "bins": [0, 1, 2, 4, ..., null],
//    "subjects": [
//      {"name": "onednn",
//       "cases": [["fwd-f32-0007", operation, dtype, m, verdict], ...],
//       "points": [[case, output, grade, eta or null, kappa or null], ...],
//       "histograms": [[output, dtype, values..., ], ...]}]}
//
// A histogram's numbers are those of its bins, then `unlike`.
std::string page_data(const std::vector<PageSubject>& subjects);

}  // namespace exactbn
