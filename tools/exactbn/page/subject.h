// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "tools/exactbn/page.h"
#include "tools/exactbn/run/rows.h"

namespace exactbn {

// The section of one subject. Its name must be printable and unique; the
// heading is HTML.
std::string subject_html(const PageSubject& subject,
                         const std::string& heading);

// Attributes for the filters of the page: " data-operation=... data-dtype=...".
std::string filter_attributes(Operation operation, DType dtype);
// " data-is=...": the grade of a row or a cell, and the verdicts of its cases.
std::string is_attribute(const TableRow& row);

// How many cases failed, in words, not only by colour: "2 failed of 26".
std::string counts_html(const Summary& summary);

// The id of a case, with a link to its failure if it failed.
std::string case_html(const PageSubject& subject, const CaseRun& c);

// A name as a URL fragment.
std::string fragment(std::string_view name);

}  // namespace exactbn
