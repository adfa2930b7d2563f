// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

#include "reference/problem.h"

namespace exactbn {

// Whether a problem still shows the failure.
using StillFails = std::function<bool(const Problem&)>;

// Limits of shrinking. If only the evaluations limit it, the result is the same
// on any machine.
struct ShrinkLimit {
  int evaluations = 2000;
  std::chrono::milliseconds time = std::chrono::seconds(20);
};

struct Shrunk {
  Problem problem;
  int evaluations = 0;
};

// Simplifies the problem while it still fails: fewer channels, positions and
// inputs; values that are small integers, have fewer bits or an exponent nearer
// to 0; plain parameters. Ends at the limit, or when nothing simpler fails. The
// order of attempts is fixed. Each success lowers an integer measure, so that
// the search terminates.
Shrunk shrink(const Problem& problem, const StillFails& still_fails,
              const ShrinkLimit& limit = {});

// The number of values in all inputs.
std::int64_t value_count(const Problem& problem);

}  // namespace exactbn
