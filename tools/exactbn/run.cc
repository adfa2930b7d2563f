// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <new>

#include "oracles/check/kappa.h"
#include "oracles/check/rounding_tally.h"
#include "oracles/explain.h"
#include "oracles/explain/case_rules.h"
#include "oracles/format_names.h"
#include "oracles/momentum.h"
#include "oracles/subjects/process.h"
#include "tools/exactbn/run/conventions.h"
#include "tools/exactbn/run/roundings.h"

namespace exactbn {

namespace {

// The result of a case over which the subject broke.
CaseRun broken(const Case* question, std::string reason) {
  CaseRun result;
  result.question = question;
  result.verdict.verdict = Verdict::failed;
  result.verdict.reason = std::move(reason);
  result.broke = true;
  return result;
}

}  // namespace

void add(Summary& s, const CaseRun& c) {
  ++s.run;
  switch (outcome(c)) {
    case Verdict::unsupported:
      ++s.unsupported;
      --s.run;
      break;
    case Verdict::passed:
      ++s.passed;
      break;
    case Verdict::undecided:
      ++s.undecided;
      s.known_undecided += c.known ? 1 : 0;
      break;
    case Verdict::beyond:
      ++s.beyond;
      break;
    case Verdict::missing:
      ++s.missing;
      s.known_missing += c.known ? 1 : 0;
      break;
    case Verdict::failed:
      ++s.failed;
      s.known_failed += c.known ? 1 : 0;
      break;
  }
  s.broke = s.broke || (c.broke && !c.known);
}

Summary summarize(const Run& run) {
  Summary s;
  s.domain = run.declaration.domain;
  for (const CaseRun& c : run.cases) add(s, c);
  s.broke = s.broke || !run.at_exit.empty();
  if (run.baseline) {
    s.stale = run.baseline->strict && !run.baseline->mended.empty();
  }
  for (const auto& [key, rounding] : roundings(run)) {
    s.roundings_failed += rounding.failed ? 1 : 0;
  }
  s.disagreements = std::ssize(disagreements(run));
  if (run.baseline) s.known_of_run = std::ssize(run.baseline->known_of_run);
  return s;
}

std::string to_string(const Summary& s) {
  return fmt::format(
      "{} run, {} passed, {} failed, {} missing, {} undecided, {} beyond, "
      "{} unsupported",
      s.run, s.passed, s.failed, s.missing, s.undecided, s.beyond,
      s.unsupported);
}

int exit_code(const Summary& s) {
  if (s.broke) return 3;
  const std::int64_t of_run = s.disagreements + s.roundings_failed;
  if (s.failed > s.known_failed || of_run > s.known_of_run || s.stale) return 1;
  if (s.run == 0) return 2;
  const bool open = s.domain == Domain::all && s.undecided > s.known_undecided;
  return s.missing > s.known_missing || open ? 4 : 0;
}

namespace {

bool any_not_asked(const Run& run) {
  return std::any_of(run.cases.begin(), run.cases.end(),
                     [](const CaseRun& c) { return c.not_asked; });
}

}  // namespace

int exit_code(const Run& run) {
  if (!run.stopped.empty()) return 2;
  const Summary summary = summarize(run);
  const bool updated = run.baseline && run.baseline->updated && summary.run > 0;
  if (!updated) return exit_code(summary);
  return any_not_asked(run) ? 3 : 0;
}

namespace {

std::int64_t bytes_of(const std::vector<Answer>& answers) {
  std::int64_t bytes = 0;
  for (const Answer& answer : answers) {
    bytes += static_cast<std::int64_t>(sizeof answer + answer.message.size() +
                                       answer.outputs.size() *
                                           sizeof(OutputTensors::value_type));
    for (const auto& [name, tensor] : answer.outputs) {
      bytes += std::ssize(tensor.bytes());
    }
  }
  return bytes;
}

bool same_answer(const Answer& a, const Answer& b) {
  return a.kind == b.kind && a.message == b.message && a.outputs == b.outputs;
}

// A stochastic rounding may differ from call to call.
void count_differences(CaseRun& result, const std::vector<Answer>& answers) {
  if (!result.differs) return;
  const Answer& judged = answers[result.judged];
  for (std::size_t i = 0; i < result.roundings.size(); ++i) {
    const Output output = result.verdict.outputs[i].output;
    const bool same =
        std::all_of(answers.begin(), answers.end(), [&](const Answer& answer) {
          const auto found = answer.outputs.find(output);
          return found == answer.outputs.end() ||
                 found->second == judged.outputs.at(output);
        });
    if (!same) ++result.roundings[i].inconsistent;
  }
}

}  // namespace

std::vector<Observed> observed(const Run& run) {
  std::vector<Observed> all;
  std::map<Operation, Past> last;
  bool poisoned = false;
  for (const CaseRun& c : run.cases) {
    Observed one;
    one.question = c.question;
    one.failed = is_unstable(c.verdict);
    const Problem& problem = c.question->problem;
    poisoned = poisoned || !problem.x().all_finite();
    one.past = last[problem.operation];
    one.past.poisoned = poisoned;
    for (const Answer& answer : c.answers) {
      if (answer.kind == Answer::Kind::outputs) one.calls.push_back(&answer);
    }
    if (!one.calls.empty()) {
      last[problem.operation] = {c.question, one.calls.back(), false};
      if (run.calls == CallsPerCase::twice) {
        one.past = {c.question, one.calls.front(), poisoned};
      }
    }
    all.push_back(std::move(one));
  }
  return all;
}

void measure(const Run& run, CaseRun& result, const Answer& answer) {
  const Problem& problem = result.question->problem;
  const std::vector<OutputVerdict>& outputs = result.verdict.outputs;
  const auto ulps =
      ulp_histograms(problem, run.declaration, answer.outputs, outputs);
  result.ulps.assign(ulps.begin(), ulps.end());
  result.kappas = worst_kappas(problem, run.declaration, outputs);
  result.roundings =
      rounding_tallies(problem, run.declaration, answer.outputs, outputs);
  const bool any = std::any_of(
      result.roundings.begin(), result.roundings.end(),
      [](const RoundingTally& tally) { return tally != RoundingTally(); });
  if (!any) result.roundings = {};
}

void judge(Run& run, CaseRun& result, std::vector<Answer> answers) {
  result.differs = !std::all_of(
      answers.begin(), answers.end(),
      [&](const Answer& answer) { return same_answer(answer, answers[0]); });
  if (!result.differs) answers.resize(1);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    CaseVerdict verdict =
        check(*result.question, run.declaration, answers[i], run.required);
    if (i > 0 && verdict.verdict <= result.verdict.verdict) continue;
    result.verdict = std::move(verdict);
    result.judged = i;
  }
  measure(run, result, answers[result.judged]);
  count_differences(result, answers);
  const std::int64_t bytes = bytes_of(answers);
  if (run.bytes + bytes > kKeptBytes) return;
  run.bytes += bytes;
  result.answers = std::move(answers);
}

void diagnose(Run& run) {
  const std::vector<Observed> all = observed(run);
  run.diagnosis = diagnose(all, run.declaration);
  run.formulas = wrong_formulas(all, run.declaration);
  // Where a model resembles the failures, it or a formula is the cause:
  // whichever explains more; the model, if they explain the same.
  std::vector<Resemblance>& models = run.diagnosis.resembling;
  const auto is_part = [](const std::vector<std::size_t>& of,
                          const std::vector<std::size_t>& whole) {
    return std::includes(whole.begin(), whole.end(), of.begin(), of.end());
  };
  std::erase_if(run.formulas, [&](const WrongFormula& f) {
    return std::any_of(models.begin(), models.end(), [&](const auto& model) {
      return is_part(f.explained, model.here.explained);
    });
  });
  std::erase_if(models, [&](const Resemblance& model) {
    return std::any_of(run.formulas.begin(), run.formulas.end(),
                       [&](const WrongFormula& f) {
                         return is_part(model.here.explained, f.explained);
                       });
  });
}

namespace {

// Whether a case is among the explained ones, which are ascending.
bool is_among(const std::vector<std::size_t>& explained, const Run& run,
              const CaseRun& c) {
  const auto place = static_cast<std::size_t>(&c - run.cases.data());
  return std::binary_search(explained.begin(), explained.end(), place);
}

}  // namespace

const DefectExplanation* explanation_of(const Run& run, const CaseRun& c) {
  for (const DefectExplanation& explanation : run.diagnosis.explanations) {
    if (is_among(explanation.explained, run, c)) return &explanation;
  }
  return nullptr;
}

const Resemblance* resemblance_of(const Run& run, const CaseRun& c) {
  for (const Resemblance& r : run.diagnosis.resembling) {
    if (is_among(r.here.explained, run, c)) return &r;
  }
  return nullptr;
}

const WrongFormula* formula_of(const Run& run, const CaseRun& c,
                               Output output) {
  const WrongFormula* first = nullptr;
  for (const WrongFormula& f : run.formulas) {
    if (!is_among(f.explained, run, c)) continue;
    if (f.outputs.contains(output)) return &f;
    if (!first) first = &f;
  }
  return first;
}

std::size_t wrong_cases(const Run& run) {
  return static_cast<std::size_t>(
      std::count_if(run.cases.begin(), run.cases.end(),
                    [](const CaseRun& c) { return is_unstable(c.verdict); }));
}

std::vector<std::string> scope(const Run& run) {
  std::vector<JudgedCase> outcomes;
  for (const CaseRun& c : run.cases) {
    const bool failed = is_unstable(c.verdict);
    if (failed || c.verdict.verdict == Verdict::passed) {
      outcomes.push_back({c.question, failed});
    }
  }
  return failing_cases(outcomes);
}

std::string why(const CaseRun& c) {
  const Verdict verdict = c.verdict.verdict;
  if (verdict != Verdict::undecided && verdict != Verdict::beyond) {
    return c.verdict.reason;
  }
  std::string text;
  std::string because = "too ill-conditioned to judge";
  for (const OutputVerdict& out : c.verdict.outputs) {
    const bool beyond = !out.beyond.empty();
    const std::int64_t values = verdict == Verdict::undecided
                                    ? out.undecided_values
                                : beyond ? out.beyond[0].failed_values
                                         : 0;
    if (values == 0) continue;
    if (beyond) because = out.why_beyond;
    text += fmt::format("{}{} ({} value{})", text.empty() ? "" : ", ",
                        out.output, values, values == 1 ? "" : "s");
  }
  return text + ": " + because;
}

std::vector<std::string> differing_cases(const Run& run) {
  std::vector<std::string> ids;
  for (const CaseRun& c : run.cases) {
    if (c.differs) ids.push_back(c.question->id);
  }
  return ids;
}

const Case* reread(Run& run, const Case& c, Problem problem) {
  if (problem.momentum == c.problem.momentum) return &c;
  run.reread.push_back(
      std::make_shared<const Case>(Case{c.id, std::move(problem), c.labels}));
  return run.reread.back().get();
}

namespace {

std::vector<Answer> answers_to(Subject& subject, const Case& c,
                               CallsPerCase calls) {
  std::vector<Answer> answers = {subject.answer(c)};
  if (calls == CallsPerCase::once) return answers;
  try {
    answers.push_back(subject.answer(c));
  } catch (const LateOutput& late) {
    throw SubjectFailure(late.what());
  }
  return answers;
}

}  // namespace

void ask(Subject& subject, const std::vector<Case>& cases, Run& run,
         const std::function<void(std::size_t)>& progress) {
  int breaks = 0;
  run.cases.reserve(run.cases.size() + cases.size());
  std::optional<std::size_t> last;  // the case that was asked before
  const auto add_break = [&](const std::string& id) {
    breaks += run.may_break.contains(id) ? 0 : 1;
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    progress(i);
    CaseRun result;
    result.question =
        reread(run, cases[i], as_asked(cases[i].problem, run.declaration));
    const auto why = why_unsupported(run.declaration, cases[i].problem);
    if (why) {
      result.verdict.verdict = Verdict::unsupported;
      result.verdict.reason = *why;
    } else if (breaks >= kMostBreaks) {
      result =
          broken(result.question, "not asked: the subject broke too often");
      result.not_asked = true;
    } else {
      try {
        std::vector<Answer> answers;
        try {
          answers = answers_to(subject, *result.question, run.calls);
        } catch (const LateOutput& late) {
          if (!last) throw;
          CaseRun& before = run.cases[*last];
          before = broken(before.question, late.what());
          add_break(before.question->id);
          answers = answers_to(subject, *result.question, run.calls);
        }
        judge(run, result, std::move(answers));
        last = i;
      } catch (const SubjectFailure& failure) {
        result = broken(result.question, failure.what());
        add_break(cases[i].id);
        last.reset();
      } catch (const std::bad_alloc&) {
        run.stopped = "out of memory on case " + cases[i].id;
        return;
      }
    }
    run.cases.push_back(std::move(result));
  }
}

}  // namespace exactbn
