// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oracles/subject.h"

namespace exactbn {

// The format for an x and parameters of these formats.
DType format_of(const OutputFormat& declared, DType x, DType parameters);

// The format that the declaration promises for an output; nothing if it
// promises none.
std::optional<DType> declared_format(const Declaration& declaration,
                                     const Problem& problem, Output output);

// "y is f32, but bf16 is declared", for every output in another format than
// declared; empty if there is none.
std::string why_wrong_format(const Declaration& declaration,
                             const Problem& problem,
                             const OutputTensors& outputs);

}  // namespace exactbn
