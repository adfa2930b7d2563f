// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain_run.h"

#include <fmt/format.h>

#include "oracles/explain/case_rules.h"

namespace exactbn {

std::vector<std::string> failing_cases(std::span<const JudgedCase> run) {
  std::vector<std::string> texts;
  for (const Operation operation : kOperations) {
    CaseList failed;
    CaseList passed;
    for (const JudgedCase& c : run) {
      if (c.question->problem.operation != operation) continue;
      (c.failed ? failed : passed).push_back(c.question);
    }
    if (const auto rule = telling_rule(shape_rules(failed), failed, passed)) {
      texts.push_back(fmt::format("{} fails where {}, and nowhere else",
                                  to_string(operation), *rule));
    }
  }
  return texts;
}

}  // namespace exactbn
