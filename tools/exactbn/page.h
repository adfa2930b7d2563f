// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// What the page shows of one subject.
struct PageSubject {
  std::string name;
  const Run* run = nullptr;  // none where it did not start,
  std::string failure;       // and then why
};

// One file that asks for nothing else: the subjects side by side, and of each
// the tables, what failed and why, and what was not asked. Without a script it
// is whole but for the charts, the filters and the sorting; the script is in it
// where the program was built with the packages of tools/exactbn/page.
//
// A subject has the name "NAME" in links, and a failure "NAME:CASE". What
// subjects say cannot become markup, and the policy that the page gives to the
// browser forbids any script but ours, and any request.
std::string html_page(std::vector<PageSubject> subjects);

}  // namespace exactbn
