// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reference/problem.h"

namespace exactbn {

// What a kernel is given besides inputs.
enum class Parameter : std::uint8_t { epsilon, momentum, batches_tracked };

// Each change is tried in two ways: what clamps or saturates may not show one.
enum class Way : std::uint8_t { up, down };

// Changes these values of an input by more than the spread of the others, so
// far that sums over a channel move by about its spread, as far as the format
// can hold that.
Problem changed(const Problem& problem, Input input,
                std::span<const std::int64_t> values, Way way);

// Nothing if the parameter has no effect, such as momentum without running
// statistics.
std::optional<Problem> changed(const Problem& problem, Parameter parameter,
                               Way way);

}  // namespace exactbn
