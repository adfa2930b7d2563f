// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "oracles/subject.h"
#include "tools/exactbn/options.h"

namespace exactbn {

// The suites: name and description.
struct SuiteName {
  std::string name;
  std::string what;
};
const std::vector<SuiteName>& suites();

// A line of a file, with its number from 1.
struct NumberedLine {
  int number;
  std::string text;
};

// The lines of a file that are not blank; "-" is standard input. Throws
// UsageError if the file cannot be read.
std::vector<NumberedLine> read_lines(const std::string& file);

// The cases of a file in the wire format. Throws a UsageError that names file,
// line, case and field.
std::vector<Case> read_cases(const std::string& file);

// The formats that --dtype names. Throws UsageError on an unknown one.
std::vector<DType> chosen_dtypes(const std::vector<std::string>& names);

// Whether the format is among the chosen ones; an empty list chooses all.
bool is_chosen(const std::vector<DType>& chosen, DType dtype);

// Whether --filter and --dtype of the selection keep the case. Throws
// UsageError on an unknown dtype.
bool selects(const Selection& selection, const Case& c);

// All cases of the suite or the file. Throws UsageError on an unknown suite or
// a malformed file.
std::vector<Case> all_cases(const Selection& selection);

// Names these cases, which are all: the suite and its seed, or for a file their
// number and the SHA-256 of their lines in the wire format.
std::string identity(const Selection& selection,
                     const std::vector<Case>& cases);

// Leaves out all but the selected cases, at least one. Throws UsageError on an
// unknown dtype, or if no case is selected.
void keep_selected(const Selection& selection, std::vector<Case>& cases);

// The selected cases, at least one. A filter selects the cases whose id,
// operation or any label contains it. Throws UsageError on an unknown suite or
// dtype, on a malformed file, or if no case is selected.
std::vector<Case> select_cases(const Selection& selection);

}  // namespace exactbn
