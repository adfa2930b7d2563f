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
// In all questions of a run: some seconds.
constexpr std::int64_t kMostValuesInAll = 4'000'000;

// With fewer values or channels, there is less to confuse.
bool can_show(const Problem& problem) {
  return problem.view().count() > 2 && problem.view().channels > 1;
}

using Failing = std::map<std::pair<Operation, Output>,
                         std::vector<const CaseRun*>>;  // the best first

// The failed cases that can be asked again, by output.
Failing failing_cases(const Run& run) {
  Failing all;
  std::set<Operation> differing;
  for (const CaseRun& c : run.cases) {
    if (c.differs) differing.insert(c.question->problem.operation);
  }
  for (const CaseRun& c : run.cases) {
    if (c.verdict.verdict != Verdict::failed || c.broke || c.known) continue;
    const Problem& problem = c.question->problem;
    if (differing.contains(problem.operation) ||
        value_count(problem) > kMostValuesAsked) {
      continue;
    }
    for (const OutputVerdict& out : c.verdict.outputs) {
      if (out.verdict != Verdict::failed) continue;
      all[{problem.operation, out.output}].push_back(&c);
    }
  }
  const auto key = [](const CaseRun* c) {
    const Problem& problem = c->question->problem;
    return std::pair(!can_show(problem), value_count(problem));
  };
  for (auto& [what, cases] : all) {
    std::stable_sort(
        cases.begin(), cases.end(),
        [&](const CaseRun* x, const CaseRun* y) { return key(x) < key(y); });
  }
  return all;
}

// The outputs of which nothing is told yet, by the case to ask about now: the
// smallest in the first round, larger ones in later rounds.
std::map<const CaseRun*, OutputNames> questions(
    const Failing& failing, std::size_t round,
    const std::vector<Dependence>& told) {
  std::map<const CaseRun*, OutputNames> all;
  for (const auto& [key, cases] : failing) {
    const auto& what = key;
    const std::size_t at = round * cases.size() / 4;
    if (round > 0 && at == (round - 1) * cases.size() / 4) continue;
    const bool is_told =
        std::any_of(told.begin(), told.end(), [&](const Dependence& d) {
          return d.operation == what.first && d.outputs.contains(what.second);
        });
    if (!is_told) all[cases[at]].push_back(what.second);
  }
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
    std::int64_t budget = kMostValuesInAll;
    const AskAgain ask =
        [&](const Problem& problem) -> std::optional<OutputTensors> {
      budget -= value_count(problem);
      if (budget < 0) return std::nullopt;
      Answer answer = answer_of(subject, {"changed", problem, {}});
      if (answer.kind != Answer::Kind::outputs) return std::nullopt;
      return std::move(answer.outputs);
    };
    const Failing failing = failing_cases(run);
    constexpr std::size_t kRounds = 3;
    for (std::size_t round = 0; round < kRounds; ++round) {
      for (const auto& [c, outputs] : questions(failing, round, all)) {
        for (Dependence& d :
             wrong_dependences(*c->question, outputs, run.declaration, ask)) {
          all.push_back(std::move(d));
        }
      }
    }
    add_earlier_calls(run, fresh, all);
  } catch (const SubjectFailure&) {  // what was found is true all the same
  }
  return all;
}

}  // namespace exactbn
