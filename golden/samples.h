// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "golden/vector.h"
#include "oracles/judge.h"

namespace exactbn {

// What is expected of some elements of an output, in the order of `at`: all
// that prove() would say of them, in time that does not depend on how many the
// output has.
ExpectedOutput prove_at(const Judge& judge, const Problem& problem,
                        const Declaration& declaration, std::string_view output,
                        const std::vector<std::int64_t>& at);

}  // namespace exactbn
