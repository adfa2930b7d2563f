// SPDX-License-Identifier: Apache-2.0
#include "properties/survey/ask_oracle.h"

#include "properties/law/parts.h"
#include "properties/survey/sure_verdict.h"

namespace exactbn {

Violation refusal(std::string_view law, const Problem& problem,
                  const std::string& text) {
  Violation v;
  v.law = law;
  v.text = text;
  v.problems = {problem};
  return v;
}

Verdict ask_oracle(const Trial& trial, const Request& request,
                   std::optional<Violation>& violation) {
  const Grade required = request.required;
  if (request.filter == Filter::on) {
    const auto sure = sure_verdict(trial.base(), trial.declaration(), required);
    if (sure) return *sure;
  }
  const Problem& problem = trial.base().problem();
  const CaseVerdict verdict =
      check({"property", problem, {}}, trial.declaration(),
            trial.base().answer(), required);
  if (verdict.verdict != Verdict::failed) return verdict.verdict;
  violation = law::failure_of(verdict);
  violation->law = kOracle;
  violation->problems = {problem};
  return verdict.verdict;
}

}  // namespace exactbn
