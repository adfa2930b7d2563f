// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "reference/problem.h"

namespace exactbn {

// Data that somebody draws for a test: x, dy and directions are normal, gamma
// is uniform in [1/2, 3/2], beta and what else there is one of per channel is
// standard normal, and running statistics are the mean and the variance of x.
struct ClassOfData {
  Operation operation = Operation::forward_training;
  DType dtype = DType::f32;
  Shape shape;
  int channel_axis = 1;
  double epsilon = 0;
  double momentum = 0;
  double mean = 0;       // of x
  double deviation = 1;  // the same
};

// A problem of the class. Throws InvalidProblem and std::invalid_argument.
Problem draw_problem(const ClassOfData& data, std::uint64_t seed);

// A class is bounded by draws: at least 8, as many as have 2^22 values, and at
// most 512.
std::int64_t usual_draws(const ClassOfData& data);

// What multiplies the tolerances of the draws, for those that are not drawn.
inline constexpr double kClassMargin = 1.25;

}  // namespace exactbn
