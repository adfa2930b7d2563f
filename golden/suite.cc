// SPDX-License-Identifier: Apache-2.0
#include "golden/suite.h"

#include "golden/suite/builder.h"

namespace exactbn {

std::vector<Case> core_suite(std::uint64_t seed) {
  Suite suite(seed);
  add_worked_examples(suite);
  add_shapes(suite);
  add_parameters(suite);
  add_running_statistics(suite);
  add_small_counts(suite);
  add_epsilons(suite);
  add_cancellation(suite);
  add_range(suite);
  add_gradients(suite);
  add_second_order(suite);
  add_nonfinite(suite);
  add_defects(suite);
  return suite.take();
}

}  // namespace exactbn
