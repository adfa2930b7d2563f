// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "oracles/check/output_verdict.h"
#include "reference/rounded.h"

namespace exactbn {

struct CaseVerdict {
  Verdict verdict = Verdict::passed;
  // Why, if no outputs were judged, or one is missing or in another format than
  // declared.
  std::string reason;
  std::vector<OutputVerdict> outputs;  // in the order of output_names
};

// Judges an answer to a case: every output that the declaration offers must be
// present and have the required grade. A rejection passes if the case asks for
// the unbiased variance of one value and the subject declares that it rejects
// this. Values that are wrong in extreme channels are `beyond`, unless the
// declaration's domain is `all`. Without the filter exact integers judge every
// value; the verdict is the same.
CaseVerdict check(const Case& c, const Declaration& declaration,
                  const Answer& answer, Grade required,
                  Filter filter = Filter::on);

}  // namespace exactbn
