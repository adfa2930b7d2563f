// SPDX-License-Identifier: Apache-2.0
#include "properties/survey/ask_oracle.h"

#include <algorithm>

#include "oracles/judge/domain.h"
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

namespace {

bool is_extreme(const Judge& judge, Output output) {
  const std::int64_t channels = judge.exact().problem().view().channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    if (!why_extreme(judge, output, c).empty()) return true;
  }
  return false;
}

}  // namespace

bool is_beyond(const Violation& violation, const Declaration& declaration) {
  if (declaration.domain == Domain::all || violation.crashed) return false;
  return std::any_of(
      violation.problems.begin(), violation.problems.end(),
      [&](const Problem& problem) {
        const Judge judge(problem, declaration, Judge::OnDemand());
        const OutputNames outputs = output_names(problem);
        const bool one =
            violation.output && outputs.contains(*violation.output);
        return std::any_of(outputs.begin(), outputs.end(), [&](Output output) {
          return (!one || output == *violation.output) &&
                 is_extreme(judge, output);
        });
      });
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
