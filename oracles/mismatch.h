// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/judge/verdict.h"
#include "oracles/subject.h"

namespace exactbn {

// Whether outputs are those of a problem.
struct Mismatch {
  Verdict verdict = Verdict::passed;
  std::string text;  // why they are not, in several lines; empty where passed
};

// Every output that is there is judged, and one that the declaration offers
// must be there: without a declaration, all. For any framework of tests:
// matchers.h has it for GoogleTest. Throws InvalidProblem where require_valid
// does.
Mismatch mismatch(const Problem& problem, const OutputTensors& outputs,
                  const Declaration& declaration = {},
                  Grade required = Grade::sequential);

// A problem without its values: "forward_training f32   shape 8x3x4x4  channel
// axis 1   eps 0x1.4f8b58p-17".
std::string outline(const Problem& problem);

}  // namespace exactbn
