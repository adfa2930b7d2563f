// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "reference/problem.h"

namespace exactbn {

// Inputs that anyone can make again from a seed, in any language: every value
// follows from the seed, the name of the input and its index, in integers
// alone. README.md of this folder has the formulas.
inline constexpr std::string_view kCounter = "counter/1";

// The whole problem: all inputs that the operation takes, the parameters in the
// format of x, or in f32 where that has fewer bits.
Problem counter_problem(Operation operation, DType dtype, const Shape& shape,
                        int channel_axis, double epsilon,
                        std::optional<double> momentum, std::uint64_t seed);

}  // namespace exactbn
