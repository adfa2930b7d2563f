// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/flags.h"

#include <fmt/format.h>

#include <charconv>

#include "tools/exactbn/report.h"
#include "tools/exactbn/report/github.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

std::optional<std::uint64_t> as_integer(const std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

namespace {

// Empty if the text is a seed.
std::string why_no_seed(const std::string& text) {
  if (as_integer(text)) return {};
  return "'" + text + "' is not an integer in [0, 18446744073709551615]";
}

}  // namespace

void add_names(CLI::App& verb, const char* flag,
               std::vector<std::string>& names, const char* what) {
  verb.add_option(flag, names, what)->delimiter(',')->expected(1)->take_all();
}

void add_seed(CLI::App& verb, std::uint64_t& seed, const char* what) {
  verb.add_option("--seed", seed, what)
      ->check(why_no_seed)
      ->capture_default_str();
}

void add_filter(CLI::App& verb, Selection& selection) {
  verb.add_option("--filter", selection.filter,
                  "only cases whose id, operation or label contains this");
  add_names(verb, "--dtype", selection.dtypes,
            "only these formats of x, e.g. f64,f32,f16,bf16");
}

void add_selection(CLI::App& verb, Selection& selection) {
  auto* suite = verb.add_option("--suite", selection.suite, "suite of cases")
                    ->capture_default_str();
  verb.add_option("--cases", selection.file,
                  "read the cases from this file, in the wire format; - is "
                  "standard input")
      ->excludes(suite);
  add_filter(verb, selection);
  add_seed(verb, selection.seed, "seed of the suite");
}

void add_time_limit(CLI::App& verb, SubjectOptions& subject,
                    const char* asked) {
  verb.add_option(
          "--time-limit", subject.time_limit,
          fmt::format("seconds that the subject may take for one {}", asked))
      ->capture_default_str();
}

void add_subject(CLI::App& verb, SubjectOptions& subject, const char* asked) {
  auto* name = verb.add_option(
      "SUBJECT", subject.name,
      "a name from `exactbn list subjects`, or a path to a plugin");
  verb.add_option("--exec", subject.command,
                  "a command that speaks the wire format on standard input "
                  "and output")
      ->excludes(name);
  add_time_limit(verb, subject, asked);
}

void add_declare(CLI::App& verb, DeclareOptions& declare) {
  verb.add_option("--declare", declare.declare,
                  "KEY=VALUE: declare this instead of the subject, e.g. "
                  "running_variance=biased")
      ->expected(1)
      ->take_all();
  verb.add_option("--convention", declare.convention,
                  "declare what a framework does: pytorch, tensorflow, keras, "
                  "onnx, onednn, cudnn, flax, mxnet or paddle");
  verb.add_flag("--allow-short-accumulation", declare.short_accumulation,
                "an accumulation that the subject declares counts although it "
                "is shorter than x, or than f32; larger errors then pass");
}

void add_domain(CLI::App& verb, DeclareOptions& declare) {
  verb.add_option("--domain", declare.domain,
                  "where wrong values fail: `ordinary`, only if all usual "
                  "intermediates stay in range, or `all`; by default as "
                  "declared, or ordinary");
}

void add_grade(CLI::App& verb, Judging& judging, const char* what) {
  verb.add_option("--require", judging.grade, what)->capture_default_str();
}

void add_errors(CLI::App& verb, int& errors, int most, const char* what) {
  verb.add_option("--errors", errors, what)
      ->check(CLI::Range(0, most))
      ->capture_default_str();
}

void add_json(CLI::App& verb, std::string& file) {
  verb.add_option("--json", file, "write a JSON report to this file");
}

void add_baseline(CLI::App& verb, BaselineOptions& baseline) {
  auto* file = verb.add_option(
      "--baseline", baseline.file,
      "a file of known failures: only others fail, or an eta that is more than "
      "twice as large");
  auto* strict = verb.add_flag("--baseline-strict", baseline.strict,
                               "a known failure that is mended fails, too")
                     ->needs(file);
  verb.add_flag("--update-baseline", baseline.update,
                "write the failures of this run to the baseline")
      ->needs(file)
      ->excludes(strict);
}

void add_github(CLI::App& verb, bool& github) {
  verb.add_flag("--github", github,
                "print failures as annotations of GitHub Actions, and append "
                "the report to $GITHUB_STEP_SUMMARY");
}

void add_judging(CLI::App& verb, Judging& judging) {
  add_grade(verb, judging,
            "the worst grade that passes: correct, faithful, stable or "
            "sequential");
  add_errors(verb, judging.errors, 1'000'000,
             "number of failures to print in full");
  add_json(verb, judging.json);
  verb.add_option("--junit", judging.junit,
                  "write a JUnit report to this file");
  verb.add_option("--html", judging.html,
                  "write a self-contained HTML page to this file: charts, "
                  "failures, filters");
  add_github(verb, judging.github);
  add_baseline(verb, judging.baseline);
}

void require_grade(Judging& judging) {
  const auto grade = parse_grade(judging.grade);
  if (!grade || *grade == Grade::unstable) {
    throw UsageError("--require: unknown grade '" + judging.grade +
                     "'; expected correct, faithful, stable, sequential");
  }
  judging.required = *grade;
}

void require_time_limit(const SubjectOptions& subject) {
  if (subject.time_limit >= 1e-3 && subject.time_limit <= 1e6) return;
  throw UsageError("--time-limit: expected 0.001 to 1000000 seconds");
}

void require_writable(const Judging& judging) {
  for (const std::string& file : {judging.json, judging.junit, judging.html}) {
    if (!file.empty()) require_writable(file);
  }
  if (judging.baseline.update) require_writable(judging.baseline.file);
  if (judging.baseline.file == "-") {
    throw UsageError("--baseline: expected a file, not standard input");
  }
  if (judging.github) require_writable_step_summary();
}

void require_subject(const char* verb, bool is_given) {
  if (is_given) return;
  throw UsageError(
      fmt::format("{}: give a SUBJECT, or --exec 'COMMAND'", verb));
}

void require_subject(const char* verb, const SubjectOptions& subject) {
  require_subject(verb, !subject.name.empty() || !subject.command.empty());
}

}  // namespace exactbn
