// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rapidcheck.h>

#include <iosfwd>

#include "properties/draw/problem.h"

namespace exactbn {

// The draws of draw/problem.h as RapidCheck generators. RapidCheck's own reals
// include no NaN, infinity or subnormal and few extremes, so it draws only the
// seed.
rc::Gen<Draw> draws();
rc::Gen<DType> dtypes();
rc::Gen<Problem> problems(Operation operation);
// Any of the chosen operations and formats; includes NaN and infinities.
rc::Gen<Problem> problems(const DrawOptions& options);

// RapidCheck prints counterexamples with these, in hexadecimal floats.
void showValue(const Tensor& tensor, std::ostream& os);
void showValue(const Problem& problem, std::ostream& os);

}  // namespace exactbn
