// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "properties/counterexample.h"
#include "tools/exactbn/run.h"

namespace exactbn {

// The outcome of a search for counterexamples.
struct PropertiesRun {
  Request request;
  std::string again;   // the command that repeats it, without --law and --case
  std::string replay;  // that validates the saved cases, without --filter
  Survey survey;
  std::vector<Counterexample> found;
  // The smallest question that is answered differently from run to run.
  std::optional<Shrunk> differing;
};

// The smallest question that is answered differently from run to run, which
// there must be.
Case differing_case(const PropertiesRun& run);

// A row per law, the counterexamples in full, and last the summary line.
std::string properties_text(const PropertiesRun& run, bool distribution);

// schema exactbn/properties/1
std::string properties_json(const PropertiesRun& run);

Summary summarize(const Survey& survey);

// 0 nothing found; 1 a law is broken; 3 the subject broke; 4 an output is
// missing, or no case passed.
int exit_code(const Survey& survey);

}  // namespace exactbn
