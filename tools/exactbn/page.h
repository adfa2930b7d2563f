// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// One subject of the page.
struct PageSubject {
  std::string name;
  const Run* run = nullptr;  // null if it did not start
  std::string failure;       // why it did not start
};

// A self-contained HTML page: the subjects side by side, and for each its
// tables, what failed and why, and what was not asked. Only charts, filters and
// sorting need a script; the page contains it if the program was built with the
// packages of tools/exactbn/page.
//
// Links name a subject "NAME", and a failure "NAME:CASE". The text of subjects
// cannot become markup, and the page's content security policy forbids all
// requests, and all scripts but ours.
std::string html_page(std::vector<PageSubject> subjects);

}  // namespace exactbn
