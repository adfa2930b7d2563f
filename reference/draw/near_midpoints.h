// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "reference/draw.h"
#include "reference/draw/midpoint.h"
#include "reference/problem.h"

namespace exactbn {

// Problems built backwards from the midpoint of two neighbours in a format: the
// answer is within 2^-100 of it, relatively, on the side chosen, and never on
// it. An answer that is estimated, in any fixed number of digits, has to guess.
// For formats of 16 bits and more: the others have too few values to build on.
struct HardProblem {
  Problem problem;
  Output output;
  std::int64_t index = 0;
  Midpoint midpoint;
  bool beyond = false;  // away from 0, or short of the midpoint
};

// Each draws a problem, or one for either side.

// y, where epsilon is next to nothing.
std::vector<HardProblem> hard_by_epsilon(Draw& draw, DType dtype);
// y and invstd of data where nothing is small or special.
std::vector<HardProblem> hard_y(Draw& draw, DType dtype);
std::vector<HardProblem> hard_invstd(Draw& draw, DType dtype);

}  // namespace exactbn
