// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <variant>

#include "properties/survey.h"

namespace exactbn {

// The error to maximize.
struct Goal {
  enum class Measure : std::uint8_t { ulp, eta };
  Output output = Output::y;
  Measure measure = Measure::eta;
};

std::string to_string(const Goal& goal);

// Parses "y.eta". Returns a one-line message if the text is not a goal.
std::variant<Goal, std::string> parse_goal(std::string_view text);

// The problem with the largest error found.
struct Maximum {
  Declaration declaration;
  Problem problem;
  Answer answer;
  std::int64_t index = 0;  // of the value
  double value = -1;       // negative: nothing was measured
  double drawn = -1;       // the largest of the drawn cases
  std::uint64_t tried = 0;
  std::uint64_t improvements = 0;  // rounds that raised the value after that
  bool broke = false;
  bool interrupted = false;
};

// Draws a third of the cases, or for a third of the time, as `survey` does.
// Then changes the worst of them (a value, a channel, a parameter or the shape
// at a time), within the domain of drawn cases, and keeps what is worse. Skips
// non-finite values and values without a bound. The result does not depend on
// the number of threads unless a time is set. Throws what the source throws.
Maximum maximize(const Source& source, const Request& request,
                 const Goal& goal);

}  // namespace exactbn
