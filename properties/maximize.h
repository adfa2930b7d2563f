// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <variant>

#include "properties/survey.h"

namespace exactbn {

// What is made as large as can be found.
struct Goal {
  enum class Measure : std::uint8_t { ulp, eta };
  Output output = Output::y;
  Measure measure = Measure::eta;
};

std::string to_string(const Goal& goal);

// "y.eta". If it is none, a line that says why.
std::variant<Goal, std::string> parse_goal(std::string_view text);

// The problem with the largest error that was found.
struct Record {
  Declaration declaration;
  Problem problem;
  Answer answer;
  std::int64_t index = 0;  // of the value
  double value = -1;       // less than 0: nothing was measured
  double drawn = -1;       // the largest of those that were only drawn
  std::uint64_t tried = 0;
  std::uint64_t improvements = 0;  // over what was drawn
  bool broke = false;
  bool interrupted = false;
};

// A third of the cases, or of the time, is drawn as `survey` draws; then the
// worst of them are changed, a value, a channel, a parameter or the shape at a
// time, within what is drawn, and what is worse is kept. Values that are no
// numbers, and those of which the bound says nothing, do not count. Without a
// time the record is the same with any number of threads. Throws what the
// source does.
Record maximize(const Source& source, const Request& request, const Goal& goal);

}  // namespace exactbn
