// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "oracles/subject.h"

namespace exactbn {

// Where two answers to one problem first differ in a bit. One NaN is as good
// as another.
struct AnswerDifference {
  std::optional<Output> output;
  std::int64_t index = 0;
  std::string text;  // empty where they do not differ
};

AnswerDifference difference(const Answer& first, const Answer& then);

}  // namespace exactbn
