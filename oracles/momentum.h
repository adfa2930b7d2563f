// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/subject.h"

namespace exactbn {

// The problem with the complement, 1 - momentum: what a subject solves that
// takes the weight of one statistic for that of the other. Nothing if no f64
// holds the complement. For the cumulative average it is n / (n + 1) of n
// batches, rounded.
std::optional<Problem> with_other_momentum(Problem problem);

// The problem with a momentum that the subject can receive: if it reads the
// weight of the old statistic, that weight is rounded to f32, as the default
// momenta of frameworks are, and given even for the cumulative average, which
// no such framework has. Other problems stay as they are.
Problem as_asked(Problem problem, const Declaration& declaration);

// The problem that the subject solved if it was given the momentum of this one.
// Nothing if no f64 holds the weight that it took.
std::optional<Problem> as_read(Problem given, const Declaration& declaration);

}  // namespace exactbn
