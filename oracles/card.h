// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace exactbn {

// What was found out about one convention of a subject, by experiment.
struct CardLine {
  std::string id;        // snake_case: "momentum_side", "single_value", ...
  std::string title;     // "weight of the new batch in a running average"
  std::string found;     // "momentum", "1 - momentum", "unknown"
  std::string declared;  // as the declaration has it; empty: it says nothing
  bool agrees = true;    // false only where it says something else
  std::string evidence;  // what was asked and answered, in a line
};

// The conformance card of a subject.
struct Card {
  std::string subject;
  std::vector<CardLine> lines;
};

}  // namespace exactbn
