// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// What the outputs that fail depend on and should not, or the reverse. For each
// operation and each output that fails, up to three failed cases, small ones
// first, are asked again with one thing changed until one shows something. Then
// some failed cases that nothing explains are asked of a subject from `fresh`,
// which was asked nothing before: whether earlier calls matter. Stops if the
// subject breaks.
std::vector<Dependence> dependences(
    Subject& subject, const Run& run,
    const std::function<std::unique_ptr<Subject>()>& fresh);

}  // namespace exactbn
