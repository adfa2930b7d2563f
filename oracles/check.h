// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "oracles/check/output_verdict.h"
#include "reference/rounded.h"

namespace exactbn {

struct CaseVerdict {
  Verdict verdict = Verdict::passed;
  std::string reason;  // where no outputs were judged, or one is missing
  std::vector<OutputVerdict> outputs;  // in the order of their computation
};

// Judges an answer to a case: every output that the declaration offers must be
// there and of the required grade. A rejection is right where the unbiased
// variance of one value is asked for and the subject declares it so. Without
// the filter every value is judged in exact integers; the verdict is the same.
CaseVerdict check(const Case& c, const Declaration& declaration,
                  const Answer& answer, Grade required,
                  Filter filter = Filter::on);

}  // namespace exactbn
