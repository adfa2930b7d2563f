// SPDX-License-Identifier: Apache-2.0
#include "oracles/momentum.h"

#include <utility>

#include "reference/floating_point_environment.h"
#include "reference/sums/double_double.h"

namespace exactbn {

std::optional<Problem> with_other_momentum(Problem problem) {
  const StandardEnvironment environment;
  if (!problem.momentum) {
    const auto n = static_cast<double>(problem.batches_tracked);
    problem.momentum = n / (n + 1);
    problem.batches_tracked = 0;
    return problem;
  }
  double complement = 0;
  double error = 0;
  two_sum(1, -*problem.momentum, complement, error);
  if (error != 0) return std::nullopt;
  problem.momentum = complement;
  return problem;
}

Problem as_asked(Problem problem, const Declaration& declaration) {
  const StandardEnvironment environment;
  if (declaration.momentum == Momentum::weight_of_new ||
      problem.operation != Operation::forward_training) {
    return problem;
  }
  if (!problem.momentum) {
    problem.momentum = 1 - *with_other_momentum(problem)->momentum;
    problem.batches_tracked = 0;
  }
  // In [0, 1] both subtractions give multiples of 2^-53 and so are exact but
  // for the rounding to f32.
  if (*problem.momentum >= 0 && *problem.momentum <= 1) {
    const auto of_old = static_cast<float>(1 - *problem.momentum);
    problem.momentum = 1 - static_cast<double>(of_old);
  }
  return problem;
}

std::optional<Problem> as_read(Problem given, const Declaration& declaration) {
  const StandardEnvironment environment;
  // null is the same for all.
  if (declaration.momentum == Momentum::weight_of_new || !given.momentum) {
    return given;
  }
  return with_other_momentum(std::move(given));
}

}  // namespace exactbn
