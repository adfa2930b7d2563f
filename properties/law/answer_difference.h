// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "oracles/subject.h"

namespace exactbn::law {

// The first place where two answers to one problem differ in a bit. All NaNs
// are equal.
struct AnswerDifference {
  std::optional<Output> output;
  std::int64_t index = 0;
  std::string text;  // empty if they do not differ
};

AnswerDifference difference(const Answer& first, const Answer& then);

// Asks the question several times, as a race may not show at once. Returns
// whether an answer differs from the first.
bool differs_again(Subject& subject, const Case& question, const Answer& first);

}  // namespace exactbn::law
