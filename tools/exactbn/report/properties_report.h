// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "properties/counterexample.h"
#include "tools/exactbn/run.h"

namespace exactbn {

// What came of a hunt.
struct PropertiesRun {
  Request request;
  std::string again;   // the command that repeats it, but for --law and --case
  std::string replay;  // that which asks the saved cases, but for --filter
  Survey survey;
  std::vector<Counterexample> found;
};

// A row per law, the counterexamples in full, and last the summary line.
std::string properties_text(const PropertiesRun& run, bool distribution);

// schema exactbn/properties/1
std::string properties_json(const PropertiesRun& run);

Summary summarize(const Survey& survey);

// 0 nothing found; 1 a law is broken; 3 the subject broke; 4 an output is
// missing, or no case was decided.
int exit_code(const Survey& survey);

}  // namespace exactbn
