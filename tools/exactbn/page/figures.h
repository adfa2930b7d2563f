// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/exactbn/page.h"

namespace exactbn {

// Parts of a subject's section: the table by operation and format; eta against
// kappa and m, and the ulp histograms, both as charts and as tables.
std::string figures_html(const Run& run);
std::string errors_html(const PageSubject& subject);
std::string histograms_html(const Run& run);

}  // namespace exactbn
