// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rapidcheck.h>

#include <iosfwd>

#include "properties/draw/problem.h"

namespace exactbn {

// What hunts (draw_problem.h), for RapidCheck: it knows no NaN, infinity or
// subnormal and has few extremes of its own, so that it draws only the seed.
rc::Gen<Draw> draws();
rc::Gen<DType> dtypes();
rc::Gen<Problem> problems(Operation operation);
// Of any operation and format that is hunted for; NaN and infinities included.
rc::Gen<Problem> problems(const Hunt& hunt);

// How RapidCheck prints a counterexample: in hexadecimal floats.
void showValue(const Tensor& tensor, std::ostream& os);
void showValue(const Problem& problem, std::ostream& os);

}  // namespace exactbn
