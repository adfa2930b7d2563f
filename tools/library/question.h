// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "oracles/judge/verdict.h"
#include "oracles/subject.h"
#include "tools/library/exactbn.h"

namespace exactbn {

// The operation of this name. Throws InvalidArgument.
Operation operation_of(const char* name);

// The output of this name and of the problem. Throws InvalidArgument, which
// names `argument`.
Output output_of(const Problem& problem, const char* name,
                 const std::string& argument);

// The question, whose arrays are not copied where that is possible: they must
// outlive the result. Its momentum is still what the kernel was given. Throws
// InvalidArgument or InvalidProblem.
Case case_of(const exactbn_question& question);

// The same as a question, which points into the case and to `inputs`.
exactbn_question question_of(const Case& c, std::vector<exactbn_array>& inputs);

// How to judge, and with which conventions.
struct JudgingBy {
  Declaration declaration;
  Grade required = Grade::sequential;
  bool requires_all = false;
};
// Null: as the defaults are. Throws InvalidArgument or UsageError.
JudgingBy judging_by(const exactbn_judging* judging);

// The problem that a kernel with that declaration solved. Throws
// InvalidArgument.
Problem as_solved(Problem given, const Declaration& declaration);

}  // namespace exactbn
