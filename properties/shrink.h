// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

#include "reference/problem.h"

namespace exactbn {

// Whether a problem still shows what is looked for.
using StillFails = std::function<bool(const Problem&)>;

// When shrinking ends, if not because nothing simpler fails. What is found by
// evaluations alone is the same on any machine.
struct ShrinkLimit {
  int evaluations = 2000;
  std::chrono::milliseconds time = std::chrono::seconds(20);
};

struct Shrunk {
  Problem problem;
  int evaluations = 0;
};

// The problem with fewer channels, positions and inputs, values that are small
// integers, or have fewer bits, or an exponent nearer to 0, and plain
// parameters, as far as it still fails: until no simpler one does, or the
// limit. The order of attempts is fixed, and each success is simpler by a
// measure that is an integer, so that it ends.
Shrunk shrink(const Problem& problem, const StillFails& still_fails,
              const ShrinkLimit& limit = {});

// How many values the inputs hold.
std::int64_t value_count(const Problem& problem);

}  // namespace exactbn
