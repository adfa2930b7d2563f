// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// What the outputs that fail depend on and should not, or the reverse. For each
// operation and each output that fails, the smallest failed case that can show
// it is asked again with one thing changed. Stops if the subject breaks.
std::vector<Dependence> dependences(Subject& subject, const Run& run);

}  // namespace exactbn
