// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "tools/exactbn/page.h"
#include "tools/exactbn/run/rows.h"

namespace exactbn {

// The section of one subject, whose name is printable and no other's, under a
// heading, which is HTML.
std::string subject_html(const PageSubject& subject,
                         const std::string& heading);

// What the filters of the page go by: " data-operation=... data-is=...".
std::string filter_attributes(Operation operation, DType dtype);
// All that a row or a cell stands for: its grade, and the verdicts of its
// cases.
std::string is_attribute(const TableRow& row);

// How many failed, with a mark that is no colour: "2 failed of 26".
std::string counts_html(const Summary& summary);

// The id of a case, with a link to where it failed.
std::string case_html(const PageSubject& subject, const CaseRun& c);

// A name as the fragment of a link.
std::string fragment(std::string_view name);

}  // namespace exactbn
