// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/dependences.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "properties/shrink.h"

namespace exactbn {

namespace {

// Each of some hundred questions on a larger case takes too long.
constexpr std::int64_t kMostValuesAsked = 16384;

// With fewer values or channels, there is less to confuse.
bool can_show(const Problem& problem) {
  return problem.view().count() > 2 && problem.view().channels > 1;
}

// The outputs that fail, by the case to ask about.
std::map<const CaseRun*, OutputNames> questions(const Run& run) {
  std::map<std::pair<Operation, Output>, const CaseRun*> best;
  const auto key = [](const CaseRun& c) {
    const Problem& problem = c.question->problem;
    return std::pair(!can_show(problem), value_count(problem));
  };
  std::set<Operation> differing;
  for (const CaseRun& c : run.cases) {
    if (c.differs) differing.insert(c.question->problem.operation);
  }
  for (const CaseRun& c : run.cases) {
    if (c.verdict.verdict != Verdict::failed || c.broke || c.known) continue;
    const Problem& problem = c.question->problem;
    if (differing.contains(problem.operation) ||
        value_count(problem) > kMostValuesAsked)
      continue;
    for (const OutputVerdict& out : c.verdict.outputs) {
      if (out.verdict != Verdict::failed) continue;
      const CaseRun*& known = best[{problem.operation, out.output}];
      if (!known || key(c) < key(*known)) known = &c;
    }
  }
  std::map<const CaseRun*, OutputNames> all;
  for (const auto& [what, c] : best) all[c].push_back(what.second);
  return all;
}

// What fails in a run and passes if it is asked first.
void add_earlier_calls(const Run& run,
                       const std::function<std::unique_ptr<Subject>()>& fresh,
                       std::vector<Dependence>& all) {
  constexpr int kMostStarts = 2;
  int starts = 0;
  std::set<Operation> asked;
  for (const CaseRun& c : run.cases) {
    const Operation operation = c.question->problem.operation;
    if (c.verdict.verdict != Verdict::failed || c.broke || c.known) continue;
    if (c.differs || c.answers.empty() || explanation_of(run, c) ||
        resemblance_of(run, c)) {
      continue;
    }
    OutputNames failed;
    for (const OutputVerdict& out : c.verdict.outputs) {
      if (out.verdict == Verdict::failed) failed.push_back(out.output);
    }
    if (failed.empty() || formula_of(run, c, failed.front())) continue;
    if (starts == kMostStarts || !asked.insert(operation).second) continue;
    ++starts;
    const std::unique_ptr<Subject> subject = fresh();
    const Answer answer = answer_of(*subject, *c.question);
    if (answer.kind != Answer::Kind::outputs) continue;
    const CaseVerdict verdict =
        check(*c.question, run.declaration, answer, run.required);
    if (verdict.verdict != Verdict::passed) continue;
    all.push_back({operation,
                   {failed.begin(), failed.end()},
                   "earlier calls matter: " + c.question->id +
                       " passes if it is asked first",
                   c.question->id});
  }
}

}  // namespace

std::vector<Dependence> dependences(
    Subject& subject, const Run& run,
    const std::function<std::unique_ptr<Subject>()>& fresh) {
  std::vector<Dependence> all;
  try {
    for (const auto& [c, outputs] : questions(run)) {
      const AskAgain ask =
          [&](const Problem& problem) -> std::optional<OutputTensors> {
        Answer answer = answer_of(subject, {"changed", problem, {}});
        if (answer.kind != Answer::Kind::outputs) return std::nullopt;
        return std::move(answer.outputs);
      };
      for (Dependence& d :
           wrong_dependences(*c->question, outputs, run.declaration, ask)) {
        all.push_back(std::move(d));
      }
    }
    add_earlier_calls(run, fresh, all);
  } catch (const SubjectFailure&) {  // what was found is true all the same
  }
  return all;
}

}  // namespace exactbn
