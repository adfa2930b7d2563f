// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "oracles/probe/fit.h"
#include "oracles/probe/interview.h"

namespace exactbn::probing {

// Finds one line of a card. `run` sets `declared` before it asks anything, then
// the rest. Throws SubjectFailure.
struct Experiment {
  std::string_view id;
  std::string_view title;
  void (*run)(Interview& interview, CardLine& line);
  bool matters = false;  // CardLine::matters
};

// Each is defined in the source file of its family.
std::span<const Experiment> offer_experiments();
std::span<const Experiment> formula_experiments();
std::span<const Experiment> momentum_experiments();
std::span<const Experiment> running_experiments();
std::span<const Experiment> statistics_experiments();
std::span<const Experiment> epsilon_experiments();
std::span<const Experiment> sums_experiments();
std::span<const Experiment> rounding_experiments();
std::span<const Experiment> independence_experiments();
std::span<const Experiment> range_experiments();

// The observations with a finding; all of them if none has one.
std::vector<Observation> conclusive(
    const std::vector<Observation>& observations);

// Concludes the line of an operation that the subject does not answer.
void conclude_not_offered(Interview& interview, CardLine& line,
                          Operation operation);

// The output to examine if one is enough: y, dx, y_dot, ...; nothing if the
// answer has none that depends on the variance.
std::optional<Output> principal_output(const Problem& problem,
                                       const Answer& answer);

// "rejected: batch of one"
std::string refusal_text(const Answer& answer);

}  // namespace exactbn::probing
