// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "reference/problem.h"

namespace exactbn {

// Inputs that anyone can make again from a seed, in any language: each value
// follows from the seed, the name of the input and its index, in integer
// arithmetic. golden/README.md has the formulas.
inline constexpr std::string_view kCounter = "counter/1";

// The whole problem, with all inputs that the operation takes. Parameters are
// f64 if x is, and f32 otherwise.
Problem counter_problem(Operation operation, DType dtype, const Shape& shape,
                        int channel_axis, double epsilon,
                        std::optional<double> momentum, std::uint64_t seed);

}  // namespace exactbn
