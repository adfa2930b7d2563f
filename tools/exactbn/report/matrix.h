// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// The run of one of several subjects on the same cases.
struct SubjectRun {
  std::string name;  // as declared, else as on the command line
  Run run;
  std::string failure;  // why it did not start; then `run` is empty
};

// For each operation a table of subjects by formats: the worst grade and eta,
// and failed/run cases; then a summary line per subject.
std::string matrix_text(const std::vector<SubjectRun>& all);

// schema exactbn/matrix/1: a row per operation, format and subject, and the
// json_report of each subject.
std::string matrix_json(const std::vector<SubjectRun>& all);

// The most serious exit code, in the order 3, 1, 4, 0.
int exit_code(const std::vector<SubjectRun>& all);

}  // namespace exactbn
