// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "oracles/printable.h"
#include "oracles/wire.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/baseline/laws.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/properties/request.h"
#include "tools/exactbn/commands/subjects.h"
#include "tools/exactbn/complain.h"
#include "tools/exactbn/held_signals.h"
#include "tools/exactbn/print.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/counterexample_text.h"
#include "tools/exactbn/report/github.h"
#include "tools/exactbn/report/maximize_report.h"
#include "tools/exactbn/report/properties_report.h"
#include "tools/exactbn/report/write_file.h"
#include "tools/exactbn/run/progress.h"
#include "tools/exactbn/shell_word.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

// The command that repeats the run, without --law and --case: each
// counterexample adds them.
std::string again(const PropertiesOptions& options) {
  std::string text = "exactbn properties " + as_argument(options.subject);
  const auto add_list = [&](const char* flag,
                            const std::vector<std::string>& list) {
    for (const std::string& each : list) {
      text += &each == &list.front() ? fmt::format(" {} ", flag) : ",";
      text += each;
    }
  };
  add_list("--operation", options.operations);
  add_list("--dtype", options.dtypes);
  if (options.profile != "usual") text += " --profile " + options.profile;
  if (options.seed != kCoreSeed)
    text += fmt::format(" --seed {}", options.seed);
  if (options.judging.required != Grade::sequential) {
    text += fmt::format(" --require {}", to_string(options.judging.required));
  }
  return text;
}

// The command that validates the saved cases.
std::string replay(const PropertiesOptions& options) {
  return fmt::format("exactbn validate {} --cases {}",
                     as_argument(options.subject), shell_word(options.save));
}

void save(const PropertiesRun& run, const std::string& file) {
  std::string lines;
  if (run.survey.smallest_differing) {
    lines += write_case(differing_case(run)) + '\n';
  }
  for (const Counterexample& found : run.found) {
    for (const Case& c : cases_of(found)) lines += write_case(c) + '\n';
  }
  write_file(file, lines);
}

// The counterexamples of an earlier run are not those of this one.
void remove_old(const std::string& file) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none)) return;
  if (!std::filesystem::remove(file, none)) {
    throw UsageError(file + ": cannot be removed: " + none.message());
  }
}

Source source_of(const SubjectOptions& subject, Request& request) {
  const Declaration declaration = open_subject(subject)->declaration();
  leave_undeclared_out(request, declaration);
  return {[=] { return open_again(subject, declaration); },
          is_built_in(subject)};
}

// Searches for the worst input for one measure of one output.
int find_worst(const PropertiesOptions& options) {
  auto parsed = parse_goal(options.maximize);
  if (const auto* why = std::get_if<std::string>(&parsed)) {
    throw UsageError("--maximize: " + *why);
  }
  if (options.only || !options.laws.empty()) {
    throw UsageError("--maximize: not with --case or --law");
  }
  if (options.judging.github || !options.judging.baseline.file.empty()) {
    throw UsageError("--maximize: not with --github or --baseline");
  }
  MaximizeRun run;
  run.goal = std::get<Goal>(std::move(parsed));
  run.request = request_of(options);
  const Source source = source_of(options.subject, run.request);
  {
    StatusLine line;
    run.request.progress = [&](std::uint64_t done, std::size_t) {
      line.show(fmt::format("{} cases", done));
    };
    run.maximum = maximize(source, run.request, run.goal);
  }
  if (run.maximum.value >= 0 && !options.save.empty()) {
    write_file(options.save, write_case(case_of(run)) + '\n');
    run.replay = replay(options);
  }
  print("{}", maximize_text(run));
  if (!options.judging.json.empty())
    write_file(options.judging.json, maximize_json(run));
  return exit_code(run.maximum);
}

// Searches for cases that break a law, and shrinks them.
int find_broken(const PropertiesOptions& options) {
  PropertiesRun run;
  std::optional<LawBaseline> baseline;
  run.request = request_of(options);
  run.again = again(options);
  const Source source = source_of(options.subject, run.request);
  {
    StatusLine line;
    run.request.progress = [&](std::uint64_t done, std::size_t broken) {
      line.show(fmt::format("{} cases   {} law{} broken", done, broken,
                            broken == 1 ? "" : "s"));
    };
    Request& request = run.request;
    const BaselineOptions& baseline_options = options.judging.baseline;
    if (!baseline_options.file.empty()) {
      baseline.emplace(baseline_options, source.make()->declaration(), request);
      request.known = baseline->known();
    }
    run.survey = survey(source, request);
    // A process is slow to answer, and slower still to restart.
    constexpr int kOfAProcess = 300;
    if (run.survey.smallest_differing) {
      line.show("shrinking what differs from run to run");
      ShrinkLimit limit;
      if (!source.in_process) limit.evaluations = kOfAProcess;
      run.differing = shrink_differing(source, request,
                                       *run.survey.smallest_differing, limit);
    }
    for (const Discovery& discovery : run.survey.discoveries) {
      if (std::ssize(run.found) == options.counterexamples) break;
      line.show("shrinking " + discovery.violation.law);
      ShrinkLimit limit;
      const Violation& violation = discovery.violation;
      const bool crashes = violation.crashed || violation.law == kAnswers;
      if (!source.in_process) limit.evaluations = crashes ? 100 : kOfAProcess;
      run.found.push_back(shrink_discovery(source, request, discovery, limit));
    }
  }
  const bool any = !run.found.empty() || run.survey.smallest_differing;
  if (any && !options.save.empty()) {
    save(run, options.save);
    run.replay = replay(options);
  } else if (!options.save.empty()) {
    remove_old(options.save);
  }
  if (baseline) {
    baseline->compare_with(run);
    baseline->update_from(run);
  }
  if (options.judging.github) {
    append_step_summary(run.survey.declaration.subject,
                        properties_text(run, false));
    print("{}", annotations(run));
  }
  print("{}", properties_text(run, options.distribution));
  if (!options.judging.json.empty())
    write_file(options.judging.json, properties_json(run));
  const int code = exit_code(run);
  if (code == 2) {
    complain(
        "exactbn: nothing was asked: {} supports no drawn case, or no "
        "law says anything about one\n",
        printable(run.survey.declaration.subject));
  }
  return code;
}

// A signal ends the search, and not the program: what was found is reported.
// Then the exit code is that of a shell for the signal.
int search(const PropertiesOptions& options) {
  const HeldSignals held;
  const int code =
      options.maximize.empty() ? find_broken(options) : find_worst(options);
  const int signal = HeldSignals::take();
  return signal == 0 ? code : 128 + signal;
}

int run_properties(PropertiesOptions& options, bool names_save) {
  require_grade(options.judging);
  require_time_limit(options.subject);
  require_writable(options.judging, {options.subject.name});
  require_subject("properties", options.subject);
  // A run of one case, or for the worst one, must not overwrite the default
  // file of a full run.
  const bool is_one = options.only || !options.maximize.empty();
  if (is_one && !names_save) options.save.clear();
  if (!options.save.empty()) require_writable(options.save);
  require_distinct({options.save, options.judging.json},
                   {options.subject.name, options.judging.baseline.file});
  return search(options);
}

// Empty if the text is a number of cases.
std::string why_no_count(const std::string& text) {
  if (as_integer(text).value_or(0) > 0) return {};
  return "'" + text + "' is not an integer of at least 1";
}

}  // namespace

Verb add_properties(CLI::App& program) {
  CLI::App& verb = *program.add_subcommand(
      "properties", "search for counterexamples to the laws, and shrink them");
  const auto options = std::make_shared<PropertiesOptions>();
  add_subject(verb, options->subject, "case");
  add_declare(verb, options->subject.declare);
  add_domain(verb, options->subject.declare);
  auto* cases =
      verb.add_option("--cases", options->cases, "number of cases to draw")
          ->check(why_no_count)
          ->capture_default_str();
  auto* time =
      verb.add_option("--time", options->time,
                      "draw for this long instead, e.g. 60s, 5m or 2h");
  cases->excludes(time);
  auto* only = verb.add_option("--case", options->only,
                               "check only this case, counted from 0")
                   ->excludes(cases)
                   ->excludes(time);
  check_integer(*only);
  add_seed(verb, options->seed, "seed of the cases");
  verb.add_option("--profile", options->profile,
                  "size of the cases: small (at most 64 values), usual or "
                  "large")
      ->capture_default_str();
  add_names(verb, "--operation", options->operations,
            "only these, e.g. forward_training,backward_training");
  add_names(verb, "--dtype", options->dtypes,
            "only these formats of x, e.g. f64,f32,f16,bf16");
  add_names(verb, "--law", options->laws,
            "only these laws of `exactbn list laws`, such as oracle");
  verb.add_flag("--distribution", options->distribution,
                "print the distribution of the drawn cases");
  verb.add_option("--maximize", options->maximize,
                  "check no laws; search for the input with the largest error "
                  "of an output, e.g. y.eta or dx.ulp");
  add_errors(verb, options->counterexamples, 1000,
             "number of counterexamples to shrink and print in full");
  verb.add_option("--save", options->save,
                  "save the counterexamples to this file, for `validate "
                  "--cases`")
      ->capture_default_str();
  add_grade(verb, options->judging,
            "the worst grade that passes: correct, faithful, stable or "
            "sequential");
  add_json(verb, options->judging.json);
  add_github(verb, options->judging.github);
  add_baseline(verb, options->judging.baseline);
  return {&verb, [&verb, options] {
            return run_properties(*options, verb.count("--save") > 0);
          }};
}

}  // namespace exactbn
