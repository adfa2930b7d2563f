// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "properties/draw/channel_modes.h"
#include "properties/draw/shape.h"
#include "reference/problem.h"

namespace exactbn {

// What is drawn. An empty list means: everything.
struct Hunt {
  Profile profile = Profile::usual;
  std::vector<Operation> operations;
  std::vector<DType> dtypes;
};

// What a drawn problem has, by kind: "operation" is "jvp_training", "x" is
// "far mean" and "constant", ... For a table of how much is drawn of what.
struct Trait {
  std::string_view kind;
  std::string_view value;
};
using Traits = PooledVector<Trait>;

struct Drawn {
  Problem problem;
  Traits traits;
};

// Case `index` of a seed: the same whoever draws it and in whatever order.
// Valid; an input is not finite now and then.
Drawn draw_case(const Hunt& hunt, std::uint64_t seed, std::uint64_t index);

// A valid problem of that operation with finite inputs; without gamma or beta
// now and then. epsilon is 0 in one of six.
Problem draw_problem(Draw& draw, Operation operation, DType dtype);

// Each channel in a mode of its own, whose name is a trait of that kind.
Tensor draw_tensor(Draw& draw, DType dtype, const Shape& shape,
                   int channel_axis, std::string_view kind = {},
                   Traits* traits = nullptr);

}  // namespace exactbn
