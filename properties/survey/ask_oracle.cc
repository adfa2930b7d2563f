// SPDX-License-Identifier: Apache-2.0
#include "properties/survey/ask_oracle.h"

#include <fmt/format.h>

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

Violation failure_of(const CaseVerdict& verdict) {
  Violation v;
  v.text = verdict.reason;
  for (const OutputVerdict& out : verdict.outputs) {
    if (out.verdict != Verdict::failed) continue;
    const Judgement& j = out.worst.judgement;
    v.output = out.output;
    v.index = out.worst.index;
    v.text =
        fmt::format("got {}, want {}: {:+.3g} ulp, eta {:.3g}, limit {:.3g}",
                    to_hexfloat(out.worst.got, out.dtype),
                    to_hexfloat(j.want, out.dtype), j.ulp, j.eta, out.limit);
    break;
  }
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
  violation = failure_of(verdict);
  violation->law = kOracle;
  violation->problems = {problem};
  return verdict.verdict;
}

}  // namespace exactbn
