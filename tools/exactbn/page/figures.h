// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/exactbn/page.h"

namespace exactbn {

// Parts of a subject's section: a row an operation and format; eta against
// kappa and m, as charts and as tables; and the histograms likewise.
std::string figures_html(const Run& run);
std::string errors_html(const PageSubject& subject);
std::string histograms_html(const Run& run);

}  // namespace exactbn
