// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "oracles/probe.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/commands/publish.h"
#include "tools/exactbn/commands/subjects.h"
#include "tools/exactbn/report/matrix.h"
#include "tools/exactbn/report/smallest.h"
#include "tools/exactbn/run.h"
#include "tools/exactbn/run/progress.h"
#include "tools/exactbn/shell_word.h"

namespace exactbn {

namespace {

// The command without --filter, which failures add.
std::string again(const SubjectOptions& subject, const Selection& selection,
                  const Judging& judging) {
  std::string text = "exactbn validate " + as_argument(subject);
  if (!selection.file.empty()) text += " --cases " + shell_word(selection.file);
  if (selection.seed != kCoreSeed) {
    text += fmt::format(" --seed {}", selection.seed);
  }
  if (subject.once) text += " --once";
  if (judging.required != Grade::sequential) {
    text += fmt::format(" --require {}", to_string(judging.required));
  }
  return text;
}

// A page or a JSON report of a whole suite has the conformance card, too. A
// subject that broke too often is not asked any more.
bool wants_card(const Selection& selection, const Judging& judging,
                const Run& run) {
  const auto breaks = std::count_if(run.cases.begin(), run.cases.end(),
                                    [](const CaseRun& c) { return c.broke; });
  return selection.file.empty() && selection.filter.empty() &&
         !(judging.html.empty() && judging.json.empty()) &&
         breaks < kMostBreaks;
}

Run run_of(Subject& implementation, const SubjectOptions& subject,
           const Selection& selection, const Judging& judging,
           const std::vector<Case>& cases) {
  Run run;
  run.declaration = implementation.declaration();
  run.source =
      selection.file.empty()
          ? fmt::format("suite {}   seed {}", selection.suite, selection.seed)
          : selection.file;
  run.seed = selection.seed;
  run.required = judging.required;
  run.again = again(subject, selection, judging);
  run.asking = subject.once ? Asking::once : Asking::twice;
  ProgressLine line(cases, run.declaration);
  int failed = 0;
  ask(implementation, cases, run, [&](std::size_t done) {
    const bool last_failed =
        done > 0 && run.cases.back().verdict.verdict == Verdict::failed;
    failed += last_failed ? 1 : 0;
    line.show(done, failed);
  });
  if (wrong_cases(run) > 0) line.show("looking for the cause");
  diagnose(run);
  run.smallest = smallest_failures(implementation, run);
  if (wants_card(selection, judging, run)) {
    line.show("looking for its conventions");
    run.card = probe(implementation);
  }
  return run;
}

// A subject that does not start costs itself and not the others.
Contestant contestant(const SubjectOptions& subject, const Selection& selection,
                      const Judging& judging, const std::vector<Case>& cases) {
  Contestant result;
  result.name = as_argument(subject);
  try {
    const std::unique_ptr<Subject> implementation = open_subject(subject);
    result.run = run_of(*implementation, subject, selection, judging, cases);
    result.name = result.run.declaration.subject;
  } catch (const SubjectFailure& failure) {
    result.failure = failure.what();
  }
  return result;
}

}  // namespace

int validate(const std::vector<SubjectOptions>& subjects,
             const Selection& selection, const Judging& judging) {
  const std::vector<Case> cases = select_cases(selection);
  if (subjects.size() == 1) {
    const std::unique_ptr<Subject> implementation =
        open_subject(subjects.front());
    return publish(
        run_of(*implementation, subjects.front(), selection, judging, cases),
        judging);
  }
  for (const SubjectOptions& subject : subjects) require_known(subject);
  std::vector<Contestant> all;
  all.reserve(subjects.size());
  for (const SubjectOptions& subject : subjects) {
    all.push_back(contestant(subject, selection, judging, cases));
  }
  return publish(all, judging);
}

}  // namespace exactbn
