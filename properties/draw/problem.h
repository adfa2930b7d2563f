// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "properties/draw/channel_modes.h"
#include "properties/draw/shape.h"
#include "reference/problem.h"

namespace exactbn {

// What to draw. An empty list means everything.
struct DrawOptions {
  Profile profile = Profile::usual;
  std::vector<Operation> operations;
  std::vector<DType> dtypes;
};

// A property of a drawn problem: "operation" is "jvp_training", "x" is
// "far mean" and "constant", ... --distribution counts them.
struct Trait {
  std::string_view kind;
  std::string_view value;
};
using Traits = PooledVector<Trait>;

struct Drawn {
  Problem problem;
  Traits traits;
};

// Case `index` of a seed: depends on these arguments alone. The problem is
// valid; an input is occasionally not finite.
Drawn draw_case(const DrawOptions& options, std::uint64_t seed,
                std::uint64_t index);

// A valid problem with finite inputs; gamma or beta is sometimes absent.
// epsilon is 0 in at least one of ten.
Problem draw_problem(Draw& draw, Operation operation, DType dtype);

// Draws a mode for each channel and adds its name to `traits` as that kind.
Tensor draw_tensor(Draw& draw, DType dtype, const Shape& shape,
                   int channel_axis, std::string_view kind = {},
                   Traits* traits = nullptr);

}  // namespace exactbn
