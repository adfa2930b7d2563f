// SPDX-License-Identifier: Apache-2.0
#include "golden/suite.h"

#include "golden/suite/builder.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

std::vector<Case> core_suite(std::uint64_t seed) {
  const StandardEnvironment environment;
  suite::Suite all(seed);
  suite::add_worked_examples(all);
  suite::add_shapes(all);
  suite::add_parameters(all);
  suite::add_running_statistics(all);
  suite::add_small_counts(all);
  suite::add_epsilons(all);
  suite::add_cancellation(all);
  suite::add_range(all);
  suite::add_gradients(all);
  suite::add_second_order(all);
  suite::add_nonfinite(all);
  suite::add_defects(all);
  return all.take();
}

}  // namespace exactbn
