// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/judge/verdict.h"
#include "oracles/subject.h"

namespace exactbn {

// Whether outputs are the right outputs of a problem.
struct Mismatch {
  Verdict verdict = Verdict::passed;
  std::string text;  // the reason, in several lines; empty if passed
};

// Judges every output present. Every output that the declaration offers must be
// present; without a declaration, all outputs. For any test framework:
// matchers.h wraps it for GoogleTest. Throws InvalidProblem if require_valid
// does.
Mismatch mismatch(const Problem& problem, const OutputTensors& outputs,
                  const Declaration& declaration = {},
                  Grade required = Grade::sequential);

// A problem without its values: "forward_training f32   shape 8x3x4x4  channel
// axis 1   eps 0x1.4f8b58p-17".
std::string outline(const Problem& problem);

}  // namespace exactbn
