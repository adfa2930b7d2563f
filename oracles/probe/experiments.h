// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "oracles/probe/fit.h"
#include "oracles/probe/interview.h"

namespace exactbn {

// How one line of a card is found. `run` sets what is declared before it asks
// anything, then the rest. Throws SubjectFailure.
struct Experiment {
  std::string_view id;
  std::string_view title;
  void (*run)(Interview& interview, CardLine& line);
};

// Each in probe_*.cc.
std::span<const Experiment> offer_experiments();
std::span<const Experiment> formula_experiments();
std::span<const Experiment> momentum_experiments();
std::span<const Experiment> running_experiments();
std::span<const Experiment> statistics_experiments();
std::span<const Experiment> epsilon_experiments();
std::span<const Experiment> sums_experiments();
std::span<const Experiment> independence_experiments();
std::span<const Experiment> range_experiments();

// Those that something could be found of; all, where nothing could.
std::vector<Sighting> told(const std::vector<Sighting>& sightings);

// The line of an operation that has no form.
void conclude_not_offered(Interview& interview, CardLine& line,
                          Operation operation);

// The output to look at where one will do: y, dx, y_dot, ...; nothing where
// the answer has none that depends on the variance.
std::optional<Output> principal_output(const Problem& problem,
                                       const Answer& answer);

// "rejected: batch of one"
std::string refusal_text(const Answer& answer);

}  // namespace exactbn
