// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "oracles/subject.h"
#include "oracles/wire/error.h"

namespace exactbn {

// One JSON object per line, without the newline; README.md of this folder
// documents every field. The readers throw WireError for unknown fields, wrong
// types, wrong lengths and problems that require_valid refuses.
std::string write_case(const Case& c);
Case read_case(std::string_view line);

std::string write_answer(std::string_view case_id, const Answer& answer);
// Throws WireError for an output that the case does not have, or of another
// shape.
Answer read_answer(std::string_view line, const Case& c);
// The hexadecimal digits of an answer that has every output, in f64.
std::size_t digits_of_answer(const Problem& problem);
// The case that an answer line names, whatever else the line holds.
std::string answered_case(std::string_view line);

std::string write_declaration(const Declaration& declaration);
Declaration read_declaration(std::string_view line);

}  // namespace exactbn
