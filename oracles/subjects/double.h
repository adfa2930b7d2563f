// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/subject.h"

namespace exactbn {

// The built-in subject `double`: the textbook in double precision, each output
// rounded once more to its format (output_format).
//
// If an operation leaves the range of double, its channel is computed with the
// same 53 bits and a wider exponent, so that no intermediate overflows or
// underflows.
class DoubleSubject : public Subject {
 public:
  const Declaration& declaration() const override;
  Answer answer(const Case& c) override;
};

}  // namespace exactbn
