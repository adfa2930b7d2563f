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
  std::optional<BaselineOutcome> baseline;
};

// The smallest question that is answered differently from run to run, which
// there must be.
Case differing_case(const PropertiesRun& run);

// A counterexample in full, with the commands that repeat it.
std::string counterexample_text(const PropertiesRun& run,
                                const Counterexample& found);

// What the reports say of a declared accumulation that is shorter than usual;
// empty if it is not.
std::string short_accumulation_text(const PropertiesRun& run);

// A row per law, the counterexamples in full, and last the summary line.
std::string properties_text(const PropertiesRun& run, bool distribution);

// schema exactbn/properties/1
std::string properties_json(const PropertiesRun& run);

Summary summarize(const Survey& survey);

// 0 nothing found; 1 a law is broken, or a line of a strict baseline is stale;
// 3 the subject broke; 4 an output is missing, or no case passed; 130 nothing
// found until the search was interrupted. What the baseline knows has no
// weight.
int exit_code(const PropertiesRun& run);

}  // namespace exactbn
