// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// One of several subjects that are asked the same cases.
struct Contestant {
  std::string name;  // as its declaration has it, else as the user wrote it
  Run run;
  std::string failure;  // why it did not start, and then there is no run
};

// For each operation a table of subjects by formats: the worst grade and eta,
// and how many cases failed of those that ran; then a summary line each.
std::string matrix_text(const std::vector<Contestant>& all);

// schema exactbn/matrix/1: a row per operation, format and subject, and the
// report of each subject as json_report has it.
std::string matrix_json(const std::vector<Contestant>& all);

// The most serious of their exit codes: 3, 1, 4, 0 in this order.
int exit_code(const std::vector<Contestant>& all);

}  // namespace exactbn
