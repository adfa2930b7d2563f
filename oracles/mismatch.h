// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/subject.h"
#include "oracles/verdict.h"

namespace exactbn {

// Why these are not the outputs of the problem, for a reader, in several lines;
// empty where they are, and of the required grade. Every output that is there
// is judged, and one that the declaration offers must be there: without a
// declaration, all. For any framework of tests: matchers.h has it for
// GoogleTest. Throws InvalidProblem where require_valid does.
std::string mismatch(const Problem& problem, const Tensors& outputs,
                     const Declaration& declaration = {},
                     Grade required = Grade::sequential);

// A problem without its values: "forward_training f32   shape 8x3x4x4  channel
// axis 1   eps 0x1.4f8b58p-17".
std::string outline(const Problem& problem);

// The format, the shape and the first values: "f32 2x3 {1, 0.5, -2, ...}".
std::string outline(const Tensor& tensor);

}  // namespace exactbn
