// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/failures.h"

#include <fmt/format.h>

#include <algorithm>

#include "oracles/diagnose/likeness.h"
#include "oracles/format_names.h"
#include "oracles/printable.h"
#include "tools/exactbn/run/conventions.h"

namespace exactbn {

std::string_view to_string(FailureKind kind) {
  switch (kind) {
    case FailureKind::wrong:
      return "wrong";
    case FailureKind::missing:
      return "missing";
    case FailureKind::undecided:
      return "undecided";
    case FailureKind::refused:
      return "refused";
    case FailureKind::broke:
      return "broke";
    case FailureKind::of_the_run:
      break;
  }
  return "of_the_run";
}

namespace {

std::vector<std::string> names_of(const DefectExplanation& explanation) {
  std::vector<std::string> names;
  for (const Defect* defect : explanation.defects) {
    names.emplace_back(defect->name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> defects_of(const Run& run, const CaseRun& c,
                                    Output output) {
  if (const DefectExplanation* all = explanation_of(run, c)) {
    return names_of(*all);
  }
  const Resemblance* here = resemblance_of(run, c);
  if (!here) return {};
  const bool is_like = here->outputs.empty() || here->outputs.contains(output);
  return is_like ? names_of(here->here) : std::vector<std::string>();
}

bool is_judged(const CaseVerdict& verdict, Output output) {
  return std::any_of(
      verdict.outputs.begin(), verdict.outputs.end(),
      [&](const OutputVerdict& out) { return out.output == output; });
}

// The outputs that are offered and were not judged.
void add_missing(const Run& run, const CaseRun& c, Failures& failures) {
  const Problem& problem = c.question->problem;
  for (const Output output : output_names(problem)) {
    if (is_judged(c.verdict, output)) continue;
    if (!offers(run.declaration, problem.operation, output)) continue;
    failures[{c.question->id, output}].kind = FailureKind::missing;
  }
}

}  // namespace

Failures failures_of(const Run& run, const CaseRun& c) {
  Failures failures;
  if (c.not_asked || c.as_declared) return failures;
  const std::string& id = c.question->id;
  const Verdict verdict = c.verdict.verdict;
  const bool judged = !c.verdict.outputs.empty();
  if (c.broke) {
    failures[{id, {}}].kind = FailureKind::broke;
  } else if (verdict == Verdict::failed && !judged) {
    failures[{id, {}}] = {
        FailureKind::refused, 0, {}, printable(c.verdict.reason)};
  } else if (verdict == Verdict::missing || judged) {
    add_missing(run, c, failures);
    if (verdict == Verdict::missing && !judged && failures.empty()) {
      failures[{id, {}}].kind = FailureKind::missing;  // it offers nothing
    }
  }
  for (const OutputVerdict& out : c.verdict.outputs) {
    if (out.verdict == Verdict::failed) {
      failures[{id, out.output}] = {FailureKind::wrong,
                                    out.worst.judgement.eta,
                                    defects_of(run, c, out.output),
                                    {}};
    } else if (out.verdict == Verdict::undecided &&
               run.declaration.domain == Domain::all) {
      failures[{id, out.output}].kind = FailureKind::undecided;
    }
  }
  // An output in another format than declared may have the right values.
  if (verdict == Verdict::failed && failures.empty()) {
    failures[{id, {}}] = {
        FailureKind::refused, 0, {}, printable(c.verdict.reason)};
  }
  return failures;
}

std::string failure_line(const RunRoundings::key_type& key,
                         const RunRounding& rounding) {
  return fmt::format("rounding of {} {}: {}", key.first,
                     format(key.second).name, rounding_text(rounding.tally));
}

Failures failures_of_run(const Run& run) {
  Failures failures;
  for (const std::string& line : disagreements(run)) {
    failures[{without_flags(line), {}}].kind = FailureKind::of_the_run;
  }
  for (const auto& [key, rounding] : roundings(run)) {
    if (!rounding.failed) continue;
    failures[{failure_line(key, rounding), {}}].kind = FailureKind::of_the_run;
  }
  return failures;
}

bool is_known(const Run& run, const RunRoundings::key_type& key,
              const RunRounding& rounding) {
  return run.baseline &&
         run.baseline->known_of_run.contains(failure_line(key, rounding));
}

Agreement::Agreement(const Run& run) : run_(run), observed_(observed(run)) {}

bool Agreement::operator()(const CaseRun& c, Output output,
                           const std::vector<std::string>& defects) const {
  const auto place = static_cast<std::size_t>(&c - run_.cases.data());
  const Observed& observed = observed_[place];
  if (observed.calls.empty()) return true;
  Truth truth(*c.question, run_.declaration);
  const auto agrees = [&](const Defect& defect) {
    const Prediction prediction = predict(defect, truth, observed.past);
    for (const Answer* call : observed.calls) {
      // Its first call depends on what came before the run.
      if (defect.model.recalled && call != observed.calls.back()) continue;
      const auto got = call->outputs.find(output);
      if (got == call->outputs.end() || !truth.fails(*got)) continue;
      OutputTensors only;
      only.insert(*got);
      if (!compare(truth, prediction, only).agrees) return false;
    }
    return true;
  };
  bool any_known = false;
  for (const std::string& name : defects) {
    const Defect* const defect = find_defect(name);
    if (defect && agrees(*defect)) return true;
    any_known = any_known || defect;
  }
  return !any_known;
}

}  // namespace exactbn
