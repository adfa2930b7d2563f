// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "oracles/wire/json_fields.h"
#include "reference/problem.h"

namespace exactbn::wire {

// The fields that hold a problem; the object may have others.
inline constexpr std::array<std::string_view, 6> kProblemFields = {
    "operation", "channel_axis",    "epsilon",
    "momentum",  "batches_tracked", "inputs"};

// Appends the problem as fields of an object: no braces, no comma at either
// end.
void append_problem(std::string& out, const Problem& problem);

// The inverse. parse_problem accepts what require_valid refuses; read_problem
// throws a WireError that names the field.
Problem parse_problem(const Fields& fields);
Problem read_problem(const Fields& fields);

}  // namespace exactbn::wire
