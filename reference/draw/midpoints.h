// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "reference/draw.h"
#include "reference/draw/midpoint.h"
#include "reference/problem.h"

namespace exactbn {

// Problems whose answer lies exactly midway between two values of a format: w
// is a square, and the other inputs are chosen to fit. Only for formats of 16
// bits and more: shorter ones have too few values.
struct TieProblem {
  Problem problem;
  Output output;
  std::int64_t index = 0;
  Midpoint midpoint;  // the exact value of that element
};

// Each function draws a set of problems, without those that the draw rules out.

// y, y_dot and grad_dy, from the second normal binade on.
std::vector<TieProblem> ties_of_y(Draw& draw, DType dtype);
// y in training and inference, down to the midpoint of 0 and the smallest
// subnormal.
std::vector<TieProblem> ties_of_any_y(Draw& draw, DType dtype);
// mean and running_mean, dbeta and dgamma.
std::vector<TieProblem> ties_of_sums(Draw& draw, DType dtype);
// dx in training and inference, grad_x and grad_gamma.
std::vector<TieProblem> ties_of_gradients(Draw& draw, DType dtype);
// var and running_var_biased.
std::vector<TieProblem> ties_of_variance(Draw& draw, DType dtype);
// invstd in bf16: other formats would need a large batch.
TieProblem tie_of_invstd();

}  // namespace exactbn
