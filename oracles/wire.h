// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "oracles/subject.h"
#include "oracles/wire/error.h"

namespace exactbn {

// One JSON object a line, without the line's end; README.md of this folder
// documents every field. The readers refuse unknown fields, wrong types,
// wrong lengths and problems that require_valid refuses, with a WireError.
std::string write_case(const Case& c);
Case read_case(std::string_view line);

std::string write_answer(std::string_view case_id, const Answer& answer);
// Refuses outputs that the case does not have, or of another shape.
Answer read_answer(std::string_view line, const Case& c);
// The case that an answer line names, whatever else is in it.
std::string answered_case(std::string_view line);

std::string write_declaration(const Declaration& declaration);
Declaration read_declaration(std::string_view line);

}  // namespace exactbn
