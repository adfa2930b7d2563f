// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "golden/vector.h"
#include "oracles/judge.h"

namespace exactbn {

// Everything that is expected of the question, from its inputs alone, in exact
// integers. What require_valid refuses is expected to be refused. Variations:
//   biased_running_variance  the running variance takes v, not v m/(m - 1)
//   keep_single_value, reject_single_value  m = 1 and that is 0/0
//   zero_for_zero_variance   0/0 where w = 0 counts as 0
//   flushed_subnormals       subnormal inputs and results count as 0
// The others give NaN and keep subnormals. Expected is what an implementation
// answers that declares nothing, or that has a biased running variance: none of
// the first three apply to that. Safe to call from many threads.
Vector prove(Case question, std::string comment,
             const Declaration& declaration = {});

// What is expected of some elements of an output, in the order of `at`: all
// that prove() would say of them, in time that does not depend on how many the
// output has.
ExpectedOutput prove_at(const Judge& judge, const Problem& problem,
                        const Declaration& declaration, Output output,
                        const std::vector<std::int64_t>& at);

// The word of a value: "v", "s", "f" or "u".
constexpr char letter(Judged judged) { return static_cast<char>(judged); }

}  // namespace exactbn
