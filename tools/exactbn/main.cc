// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <omp.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <new>

#include "oracles/mismatch/printable.h"
#include "oracles/subject.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/subjects.h"
#include "tools/exactbn/hunt_options.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0  all that ran passed\n"
    "  1  a mismatch; of probe, a declaration that is not so\n"
    "  2  bad usage or malformed input\n"
    "  3  the subject crashed, hung or broke the protocol\n"
    "  4  nothing failed, but something is undecided or missing";

void add_filter(CLI::App& verb, Selection& selection) {
  verb.add_option("--filter", selection.filter,
                  "only cases whose id, operation or label contains this");
  verb.add_option("--dtype", selection.dtypes,
                  "only these formats of x, as in f64,f32,f16,bf16")
      ->delimiter(',')
      ->expected(1)
      ->take_all();
}

// Empty where it is one. CLI11 by itself takes -1 for 2^64 - 1.
std::string why_no_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, seed);
  if (read.ec == std::errc() && read.ptr == end) return {};
  return "'" + text + "' is no integer from 0 to 18446744073709551615";
}

void add_selection(CLI::App& verb, Selection& selection) {
  auto* suite = verb.add_option("--suite", selection.suite, "suite of cases")
                    ->capture_default_str();
  verb.add_option("--cases", selection.file,
                  "cases from a file in the wire format; - is standard input")
      ->excludes(suite);
  add_filter(verb, selection);
  verb.add_option("--seed", selection.seed, "seed of the suite")
      ->check(why_no_seed)
      ->capture_default_str();
}

// Empty where it is a shape, as in 2x3x5.
std::string read_shape(const std::string& text, Shape& shape) {
  shape.clear();
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    std::int64_t extent = 0;
    const auto read = std::from_chars(at, end, extent);
    if (read.ec != std::errc() || extent < 1) break;
    shape.push_back(extent);
    if (read.ptr == end) return {};
    if (*read.ptr != 'x') break;
    at = read.ptr + 1;
  }
  return "'" + text + "' is no shape like 2x3x5";
}

void add_generate(CLI::App& verb, GenerateOptions& options) {
  verb.add_option("--out", options.out, "the folder to write; new or empty")
      ->required();
  verb.add_option("--format", options.format,
                  "json, jsonl, npz, safetensors, c or onnx; or, of a --shape "
                  "of any size, recipe")
      ->capture_default_str();
  verb.add_option("--convention", options.convention,
                  "momentum and running statistics as this framework has "
                  "them: pytorch, keras, onnx, onednn, cudnn, ...");
  options.selection.suite = "corpus";
  auto* suite =
      verb.add_option("--suite", options.selection.suite, "corpus or core")
          ->capture_default_str();
  verb.add_option("--operation", options.operations,
                  "only these, as in forward_training,backward_training")
      ->delimiter(',')
      ->expected(1)
      ->take_all();
  add_filter(verb, options.selection);
  auto* shape = verb.add_option_function<std::string>(
      "--shape",
      [&options](const std::string& text) {
        const std::string why = read_shape(text, options.shape);
        if (!why.empty()) throw CLI::ValidationError("--shape", why);
      },
      "ordinary values of this shape, as in 2x3x5, instead of a suite");
  shape->excludes(suite)->excludes(verb.get_option("--filter"));
  verb.add_option("--channel-axis", options.channel_axis,
                  "the axis of the channels, with --shape")
      ->needs(shape)
      ->capture_default_str();
  verb.add_option("--epsilon", options.epsilon, "with --shape")
      ->needs(shape)
      ->capture_default_str();
  verb.add_option("--seed", options.selection.seed, "seed of the questions")
      ->check(why_no_seed)
      ->capture_default_str();
}

void add_hunt(CLI::App& verb, HuntOptions& hunt) {
  const auto add_list = [&](const char* name, std::vector<std::string>& list,
                            const char* what) {
    verb.add_option(name, list, what)->delimiter(',')->expected(1)->take_all();
  };
  auto* cases = verb.add_option("--cases", hunt.cases, "how many are drawn")
                    ->check(CLI::PositiveNumber)
                    ->capture_default_str();
  auto* time = verb.add_option("--time", hunt.time,
                               "draw for so long instead, as in 60s, 5m or 2h");
  cases->excludes(time);
  verb.add_option("--case", hunt.only, "check this one alone, counted from 0")
      ->excludes(cases)
      ->excludes(time);
  verb.add_option("--seed", hunt.seed, "what the cases are drawn from")
      ->check(why_no_seed)
      ->capture_default_str();
  verb.add_option("--profile", hunt.profile,
                  "how large the cases are: small (64 values at most), usual "
                  "or large")
      ->capture_default_str();
  add_list("--operation", hunt.operations,
           "only these, as in forward_training,backward_training");
  add_list("--dtype", hunt.dtypes,
           "only these formats of x, as in f64,f32,f16,bf16");
  add_list("--law", hunt.laws,
           "only these of `exactbn list laws`; oracle is one");
  verb.add_flag("--distribution", hunt.distribution,
                "print how many cases were drawn of what");
  verb.add_option("--maximize", hunt.maximize,
                  "check no laws: look for the input with the largest error "
                  "of an output, as in y.eta or dx.ulp");
  verb.add_option("--errors", hunt.counterexamples,
                  "counterexamples to shrink and print in full")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  verb.add_option("--save", hunt.save,
                  "the file to keep them in, for `validate --cases`")
      ->capture_default_str();
}

// Of verbs that ask one subject: a case, or a question, at a time.
void add_subject(CLI::App& verb, SubjectOptions& subject, const char* asked) {
  auto* name = verb.add_option(
      "SUBJECT", subject.name,
      "a name of `exactbn list subjects` or a path to a plugin");
  verb.add_option("--exec", subject.command,
                  "a command that speaks the wire format on its pipes")
      ->excludes(name);
  verb.add_option(
          "--time-limit", subject.time_limit,
          fmt::format("seconds that a subject may take for one {}", asked))
      ->capture_default_str();
}

void require_subject(const char* verb, bool is_given) {
  if (is_given) return;
  throw UsageError(
      fmt::format("{}: give a SUBJECT, or --exec 'COMMAND'", verb));
}

void add_judging(CLI::App& verb, Judging& judging, std::string& grade) {
  verb.add_option("--require", grade,
                  "the grade that passes: correct, faithful, stable or "
                  "sequential")
      ->capture_default_str();
  verb.add_option("--errors", judging.errors, "failures to print in full")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  verb.add_option("--json", judging.json, "write a JSON report to this file");
  verb.add_option("--junit", judging.junit,
                  "write a JUnit report to this file");
  verb.add_option("--html", judging.html,
                  "write a page to this file: charts, failures, filters; it "
                  "needs nothing else");
}

Grade required_grade(const std::string& name) {
  const auto grade = parse_grade(name);
  if (!grade || *grade == Grade::unstable) {
    throw UsageError("--require: no grade '" + name +
                     "'; known are correct, faithful, stable, sequential");
  }
  return *grade;
}

void require_time_limit(double seconds) {
  if (seconds >= 1e-3 && seconds <= 1e6) return;
  throw UsageError("--time-limit: not from 0.001 to 1000000 seconds");
}

// Bad usage, in one line.
std::string usage_text(const CLI::App*, const CLI::Error& error) {
  return fmt::format("exactbn: {}; exactbn --help says more\n",
                     printable(error.what()));
}

int run_command(int argc, char** argv) {
  CLI::App app{"exactbn says exactly how wrong a batch normalization is.",
               "exactbn"};
  app.failure_message(usage_text);
  app.set_version_flag("--version", "exactbn " EXACTBN_VERSION);
  app.require_subcommand(0, 1);
  app.footer(kExitCodes);
  SubjectOptions subject;
  Selection selection;
  Judging judging;
  std::string grade = "sequential";
  int jobs = 0;

  CLI::App* validate_verb = app.add_subcommand(
      "validate", "run a suite against an implementation and judge it");
  std::vector<std::string> names;
  std::vector<std::string> commands;
  auto* name = validate_verb->add_option(
      "SUBJECT", names,
      "a name of `exactbn list subjects` or a path to a plugin; several are "
      "judged side by side");
  auto* exec =
      validate_verb
          ->add_option("--exec", commands,
                       "a command that speaks the wire format on its pipes")
          ->expected(1)
          ->take_all();
  auto* defects_flag =
      validate_verb
          ->add_flag("--defects", subject.defects,
                     "count the cases that tell each known defect")
          ->excludes(name)
          ->excludes(exec);
  validate_verb->add_flag("--once", subject.once,
                          "ask each case once, not twice");
  validate_verb
      ->add_option("--time-limit", subject.time_limit,
                   "seconds that a subject may take for one case")
      ->capture_default_str();
  add_selection(*validate_verb, selection);
  add_judging(*validate_verb, judging, grade);
  for (const char* other : {"--require", "--errors", "--junit", "--html",
                            "--time-limit", "--once"}) {
    defects_flag->excludes(validate_verb->get_option(other));
  }

  CLI::App* check_verb =
      app.add_subcommand("check", "judge answers that were computed elsewhere");
  std::string answers_file;
  check_verb
      ->add_option("CASES", selection.file,
                   "a file of cases; - is standard input")
      ->required();
  check_verb
      ->add_option("ANSWERS", answers_file,
                   "a file of answers; - is standard input")
      ->required();
  add_filter(*check_verb, selection);
  add_judging(*check_verb, judging, grade);

  CLI::App* properties_verb = app.add_subcommand(
      "properties", "look for a counterexample to a law, and shrink it");
  HuntOptions hunt;
  add_subject(*properties_verb, subject, "case");
  add_hunt(*properties_verb, hunt);
  properties_verb
      ->add_option("--require", grade,
                   "the grade that every value must have: correct, faithful, "
                   "stable or sequential")
      ->capture_default_str();
  properties_verb->add_option("--json", judging.json,
                              "write a JSON report to this file");

  CLI::App* probe_verb = app.add_subcommand(
      "probe", "find out the conventions of an implementation by experiment");
  ProbeOptions probing;
  add_subject(*probe_verb, subject, "question");
  probe_verb->add_flag("--evidence", probing.evidence,
                       "say of every line what was asked and answered");
  probe_verb->add_option("--json", probing.json,
                         "write a JSON report to this file");

  CLI::App* list_verb = app.add_subcommand(
      "list", "subjects, suites, cases, labels, defects or laws");
  std::string what;
  bool wire = false;
  list_verb
      ->add_option("WHAT", what,
                   "subjects, suites, cases, labels, defects or laws")
      ->required();
  add_selection(*list_verb, selection);
  list_verb->add_flag("--wire", wire, "cases as lines of the wire format");

  CLI::App* serve_verb = app.add_subcommand(
      "serve", "answer cases on standard input with a built-in or a plugin");
  serve_verb->add_option("SUBJECT", subject.name, "a built-in or a plugin")
      ->required();

  CLI::App* generate_verb =
      app.add_subcommand("generate", "write known answers to a folder");
  GenerateOptions generating;
  add_generate(*generate_verb, generating);

  CLI::App* verify_verb = app.add_subcommand(
      "verify", "prove a folder of known answers, value by value");
  std::string folder;
  verify_verb->add_option("DIR", folder, "what generate wrote")->required();
  verify_verb
      ->add_option("--errors", judging.errors, "how many wrong ones to print")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();

  for (CLI::App* verb : {validate_verb, check_verb, properties_verb, probe_verb,
                         list_verb, serve_verb, generate_verb, verify_verb}) {
    verb->add_option("--jobs", jobs, "threads; all cores unless given")
        ->check(CLI::Range(1, 4096));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (jobs > 0) omp_set_num_threads(jobs);
  if (app.get_subcommands().empty()) {
    throw UsageError(
        "give a verb: validate, properties, probe, check, generate, verify, "
        "list or serve; exactbn --help says more");
  }
  judging.required = required_grade(grade);
  require_time_limit(subject.time_limit);
  for (const std::string& file :
       {judging.json, judging.junit, judging.html, probing.json}) {
    if (!file.empty()) require_writable(file);
  }
  const bool is_named = !subject.name.empty() || !subject.command.empty();
  if (*properties_verb) {
    require_subject("properties", is_named);
    // One case asked again, or the worst one, must not replace what all of them
    // left.
    const bool is_one = hunt.only || !hunt.maximize.empty();
    if (is_one && properties_verb->count("--save") == 0) hunt.save.clear();
    if (!hunt.save.empty()) require_writable(hunt.save);
    return properties(subject, hunt, judging);
  }
  if (*probe_verb) {
    require_subject("probe", is_named);
    return probe_subject(subject, probing);
  }
  if (*list_verb) return list(what, selection, wire);
  if (*generate_verb) return generate(generating);
  if (*verify_verb) return verify_folder(folder, judging.errors);
  if (*serve_verb) return serve_subject(subject.name);
  if (*check_verb) return check_answers(selection, answers_file, judging);
  if (subject.defects) return validate_defects(selection, judging);
  const auto subjects = all_subjects(subject, names, commands);
  require_subject("validate", !subjects.empty());
  // Of several subjects the failures would hide the matrix.
  if (subjects.size() > 1 && validate_verb->count("--errors") == 0) {
    judging.errors = 0;
  }
  return validate(subjects, selection, judging);
}

int guarded(int argc, char** argv) {
  try {
    const int code = run_command(argc, argv);
    if (std::fflush(stdout) != 0) {
      throw UsageError(
          fmt::format("standard output: {}", std::strerror(errno)));
    }
    return code;
  } catch (const SubjectFailure& error) {
    fmt::print(stderr, "exactbn: {}\n", printable(error.what()));
    return 3;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "exactbn: not enough memory for what is asked\n");
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "exactbn: {}\n", printable(error.what()));
    return 2;
  }
}

}  // namespace
}  // namespace exactbn

int main(int argc, char** argv) { return exactbn::guarded(argc, argv); }
