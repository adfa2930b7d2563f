// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "reference/draw.h"
#include "reference/draw/midpoint.h"
#include "reference/problem.h"

namespace exactbn {

// Problems built backwards from the midpoint of two neighbours in a format. The
// answer is within a relative distance of 2^-100 of it, on the chosen side, and
// never on it. An estimate in any fixed number of digits must guess. Only for
// formats of 16 bits and more: shorter ones have too few values.
struct HardProblem {
  Problem problem;
  Output output;
  std::int64_t index = 0;
  Midpoint midpoint;
  bool beyond = false;  // whether the answer is farther from 0
};

// Each function draws one problem, or one per side.

// y with a tiny epsilon.
std::vector<HardProblem> hard_by_epsilon(Draw& draw, DType dtype);
// y and invstd of ordinary data: nothing is small or special.
std::vector<HardProblem> hard_y(Draw& draw, DType dtype);
std::vector<HardProblem> hard_invstd(Draw& draw, DType dtype);

}  // namespace exactbn
