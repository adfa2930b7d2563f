// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>

#include "oracles/check/rounding.h"
#include "tools/exactbn/run.h"

namespace exactbn {

// The rounding of an output in one format, over all cases of a run.
struct RunRounding {
  RoundingTally tally;
  bool failed = false;  // biased in a way that is not declared
};

// By output and format of the answer; without the formats that show nothing,
// because they are as long as the working one.
using RunRoundings = std::map<std::pair<Output, DType>, RunRounding>;
RunRoundings roundings(const Run& run);

// "toward zero (6021 of 12034 clear values, 240 channels, mean 0.5 ulp toward
// zero)": how many values are evidently misrounded, and where.
std::string to_string(const RunRounding& rounding);

// A line for each output and format that is not rounded to nearest, then one
// for each format that is. Nothing about those that show nothing.
std::string roundings_text(const Run& run);

// The lines of those that failed.
std::string failed_roundings_text(const Run& run);

}  // namespace exactbn
