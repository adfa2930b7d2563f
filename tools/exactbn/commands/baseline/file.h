// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "oracles/judge/verdict.h"
#include "oracles/subject.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/options.h"

namespace exactbn {

// Where the failures of a baseline come from: its first line.
struct BaselineHeader {
  std::string verb;     // "validate", also of `check`; or "properties"
  std::string subject;  // as declared, with its version
  Grade required = Grade::sequential;
  Domain domain = Domain::ordinary;
  std::string cases;        // "suite core, seed 7"; "5 cases, sha256 ..."
  std::uint64_t drawn = 0;  // of `properties`: the number of cases
};

// A baseline: a header, then a line for each failure.
struct BaselineFile {
  std::string name;
  BaselineHeader header;
  std::vector<NumberedLine> lines;
};

// The subject without the words that are versions: "a kernel 1.2 (fast)" is
// "a kernel (fast)".
std::string without_version(const std::string& subject);

// Reads the baseline. Throws UsageError if it is malformed, or not one of this
// verb, subject (of any version), grade and domain; and, for `validate`, of
// these cases. If it is to be updated and there is none, it is empty.
BaselineFile read_baseline(const BaselineOptions& options,
                           const BaselineHeader& expected);

// Writes the file completely or not at all.
void write_baseline(const std::string& file, const BaselineHeader& header,
                    const std::vector<std::string>& lines);

}  // namespace exactbn
