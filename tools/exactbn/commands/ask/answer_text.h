// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/subject.h"

namespace exactbn {

// The correctly rounded outputs of a problem for a person: for each value its
// index, the value, its hexadecimal form and its bits.
std::string answer_text(const Problem& problem, const Declaration& declaration);

}  // namespace exactbn
