// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "golden/vector.h"
#include "oracles/judge.h"

namespace exactbn {

// Everything that is expected of the case, from its inputs alone, in exact
// integers. If require_valid refuses the problem, a refusal is expected.
// Variations:
//   biased_running_variance  the running variance takes v, not v m/(m - 1)
//   keep_single_value, reject_single_value  m = 1, where v m/(m - 1) is 0/0
//   zero_for_zero_variance   0/0 where w = 0 counts as 0
//   flushed_subnormals       inputs that are subnormal in the working format
//                            (f64, or f32 for shorter x), and results that
//                            are in their own, count as 0
// The others give NaN and keep subnormals. `declaration` is empty or declares a
// biased running variance; with the latter none of the first three variations
// apply. Thread-safe.
Vector prove(Case question, std::string comment,
             const Declaration& declaration = {});

// What prove() expects of the elements `at` of an output, in that order. The
// time does not depend on the size of the output.
ExpectedOutput prove_at(const Judge& judge, const Problem& problem,
                        const Declaration& declaration, Output output,
                        const std::vector<std::int64_t>& at);

// The letter in a file: v, s, f or u.
constexpr char letter(Judged judged) { return static_cast<char>(judged); }

}  // namespace exactbn
