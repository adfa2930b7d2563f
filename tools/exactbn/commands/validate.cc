// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "oracles/probe.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/baseline.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/publish.h"
#include "tools/exactbn/commands/subjects.h"
#include "tools/exactbn/commands/validate/defects.h"
#include "tools/exactbn/report/matrix.h"
#include "tools/exactbn/report/smallest.h"
#include "tools/exactbn/run.h"
#include "tools/exactbn/run/conventions.h"
#include "tools/exactbn/run/dependences.h"
#include "tools/exactbn/run/progress.h"
#include "tools/exactbn/shell_word.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

struct ValidateOptions {
  std::vector<std::string> names;     // subjects by name or path
  std::vector<std::string> commands;  // subjects by --exec
  bool defects = false;               // judge every known defect instead
  bool once = false;                  // one call a case, not two
  SubjectOptions shared;              // options of all subjects
  Selection selection;
  Judging judging;
};

// The command that repeats the run, without --filter: each failure adds it.
std::string again(const SubjectOptions& subject,
                  const ValidateOptions& options) {
  const Selection& selection = options.selection;
  std::string text = "exactbn validate " + as_argument(subject);
  if (!selection.file.empty()) text += " --cases " + shell_word(selection.file);
  if (selection.seed != kCoreSeed) {
    text += fmt::format(" --seed {}", selection.seed);
  }
  if (options.once) text += " --once";
  if (options.judging.required != Grade::sequential) {
    text += fmt::format(" --require {}", to_string(options.judging.required));
  }
  return text;
}

// The subject is probed after a run of a whole suite, unless it broke too
// often.
void probe_after(Subject& implementation, const ValidateOptions& options,
                 Run& run, ProgressLine& line) {
  const auto breaks = std::count_if(run.cases.begin(), run.cases.end(),
                                    [](const CaseRun& c) { return c.broke; });
  const Selection& selection = options.selection;
  if (!selection.file.empty() || !selection.filter.empty() ||
      breaks >= kMostBreaks) {
    return;
  }
  line.show("probing its conventions");
  Card card = probe(implementation);
  run.probed = true;
  std::copy_if(card.lines.begin(), card.lines.end(),
               std::back_inserter(run.disagreeing),
               [](const CardLine& each) { return !each.agrees; });
  const Judging& judging = options.judging;
  if (!judging.html.empty() || !judging.json.empty()) {
    run.card = std::move(card);
  }
}

// `suite` names all cases, also those that are not selected.
Run run_of(Subject& implementation, const SubjectOptions& subject,
           const ValidateOptions& options, const std::vector<Case>& cases,
           const std::string& suite) {
  const Selection& selection = options.selection;
  Run run;
  run.declaration = implementation.declaration();
  run.source =
      selection.file.empty()
          ? fmt::format("suite {}   seed {}", selection.suite, selection.seed)
          : selection.file;
  run.seed = selection.seed;
  run.required = options.judging.required;
  run.again = again(subject, options);
  run.calls = options.once ? CallsPerCase::once : CallsPerCase::twice;
  const auto baseline = case_baseline(options.judging.baseline, run.declaration,
                                      run.required, selection, suite);
  if (baseline) baseline->prepare(run);
  ProgressLine line(cases, run.declaration);
  int failed = 0;
  ask(implementation, cases, run, [&](std::size_t done) {
    const bool last_failed =
        done > 0 && run.cases.back().verdict.verdict == Verdict::failed;
    failed += last_failed ? 1 : 0;
    line.show(done, failed);
  });
  if (!run.stopped.empty()) return run;
  if (wrong_cases(run) > 0) line.show("searching for the cause");
  fit_conventions(run);
  diagnose(run);
  probe_after(implementation, options, run, line);
  if (baseline) baseline->compare_with(run);
  run.dependences =
      dependences(implementation, run, [&] { return open_subject(subject); });
  run.smallest = smallest_failures(implementation, run);
  run.at_exit = implementation.finish();
  if (baseline) baseline->update_from(run);
  return run;
}

// A subject that does not start does not stop the others.
SubjectRun subject_run(const SubjectOptions& subject,
                       const ValidateOptions& options,
                       const std::vector<Case>& cases) {
  SubjectRun result;
  result.name = as_argument(subject);
  try {
    const std::unique_ptr<Subject> implementation = open_subject(subject);
    result.run = run_of(*implementation, subject, options, cases, {});
    result.name = result.run.declaration.subject;
  } catch (const SubjectFailure& failure) {
    result.failure = failure.what();
  }
  return result;
}

std::vector<SubjectOptions> subjects_of(const ValidateOptions& options) {
  std::vector<SubjectOptions> all;
  for (const std::string& name : options.names) {
    all.push_back(options.shared);
    all.back().name = name;
  }
  for (const std::string& command : options.commands) {
    all.push_back(options.shared);
    all.back().command = command;
  }
  return all;
}

// One subject, or several side by side.
int validate(const std::vector<SubjectOptions>& subjects,
             const ValidateOptions& options) {
  std::vector<Case> cases = all_cases(options.selection);
  const std::string suite = options.judging.baseline.file.empty()
                                ? std::string()
                                : identity(options.selection, cases);
  keep_selected(options.selection, cases);
  if (subjects.size() == 1) {
    const SubjectOptions& subject = subjects.front();
    const std::unique_ptr<Subject> implementation = open_subject(subject);
    return publish(run_of(*implementation, subject, options, cases, suite),
                   options.judging);
  }
  for (const SubjectOptions& subject : subjects) require_known(subject);
  std::vector<SubjectRun> all;
  all.reserve(subjects.size());
  for (const SubjectOptions& subject : subjects) {
    all.push_back(subject_run(subject, options, cases));
  }
  return publish(all, options.judging);
}

int run_validate(ValidateOptions& options, bool has_errors_flag) {
  require_grade(options.judging);
  require_time_limit(options.shared);
  std::vector<std::string> read = options.names;
  read.push_back(options.selection.file);
  require_writable(options.judging, read);
  if (options.defects) {
    return validate_defects(options.selection, options.judging.json);
  }
  const std::vector<SubjectOptions> subjects = subjects_of(options);
  require_subject("validate", !subjects.empty());
  if (subjects.size() > 1 && !options.judging.baseline.file.empty()) {
    throw UsageError("--baseline: give one SUBJECT");
  }
  // The failures of several subjects would hide the matrix.
  if (subjects.size() > 1 && !has_errors_flag) options.judging.errors = 0;
  return validate(subjects, options);
}

}  // namespace

Verb add_validate(CLI::App& program) {
  CLI::App& verb = *program.add_subcommand(
      "validate", "run a suite against an implementation and judge it");
  const auto options = std::make_shared<ValidateOptions>();
  auto* name = verb.add_option(
      "SUBJECT", options->names,
      "a name from `exactbn list subjects`, or a path to a plugin; several "
      "are judged side by side");
  auto* exec =
      verb.add_option("--exec", options->commands,
                      "a command that speaks the wire format on standard "
                      "input and output");
  auto* defects = verb.add_flag("--defects", options->defects,
                                "count the cases that expose each known defect")
                      ->excludes(name)
                      ->excludes(exec);
  verb.add_flag("--once", options->once, "ask each case once, not twice");
  add_time_limit(verb, options->shared, "case");
  add_declare(verb, options->shared.declare);
  add_domain(verb, options->shared.declare);
  add_selection(verb, options->selection);
  add_judging(verb, options->judging);
  for (const char* other :
       {"--require", "--errors", "--junit", "--html", "--time-limit", "--once",
        "--github", "--baseline"}) {
    defects->excludes(verb.get_option(other));
  }
  return {&verb, [&verb, options] {
            return run_validate(*options, verb.count("--errors") > 0);
          }};
}

}  // namespace exactbn
