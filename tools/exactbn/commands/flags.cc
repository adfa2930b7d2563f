// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/flags.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "tools/exactbn/report/github.h"
#include "tools/exactbn/report/write_file.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

std::optional<std::uint64_t> as_integer(const std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

void check_integer(CLI::Option& option) {
  option.check([](const std::string& text) {
    if (as_integer(text)) return std::string();
    return "'" + text + "' is not an integer in [0, 18446744073709551615]";
  });
}

// CLI11 itself drops empty names.
void add_names(CLI::App& verb, const char* flag,
               std::vector<std::string>& names, const char* what) {
  verb.add_option_function<std::vector<std::string>>(
      flag,
      [&names, flag](const std::vector<std::string>& lists) {
        for (const std::string& list : lists) {
          for (std::size_t at = 0, end = 0; end != list.npos; at = end + 1) {
            end = list.find(',', at);
            names.push_back(list.substr(at, end - at));
            if (names.back().empty()) {
              throw CLI::ValidationError(flag, "a name is empty");
            }
          }
        }
      },
      what);
}

void add_seed(CLI::App& verb, std::uint64_t& seed, const char* what) {
  check_integer(*verb.add_option("--seed", seed, what)->capture_default_str());
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
                  "running_variance=biased");
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

namespace {

namespace fs = std::filesystem;

// Whether writing one file loses the other. Devices and pipes lose nothing.
bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code none;
  if (fs::exists(a, none)) {
    return fs::is_regular_file(a, none) && fs::equivalent(a, b, none);
  }
  return !fs::exists(b, none) &&
         fs::weakly_canonical(fs::absolute(a), none) ==
             fs::weakly_canonical(fs::absolute(b), none);
}

}  // namespace

void require_distinct(const std::vector<std::string>& written,
                      const std::vector<std::string>& read) {
  for (std::size_t i = 0; i < written.size(); ++i) {
    const std::string& file = written[i];
    if (file.empty()) continue;
    for (std::size_t j = i + 1; j < written.size(); ++j) {
      if (written[j].empty() || !is_same_file(file, written[j])) continue;
      throw UsageError(written[j] + ": cannot be written twice");
    }
    for (const std::string& other : read) {
      if (other.empty() || !is_same_file(file, other)) continue;
      throw UsageError(file + ": cannot be written: this command reads it");
    }
  }
}

void require_writable(const Judging& judging,
                      const std::vector<std::string>& read) {
  std::vector<std::string> written = {judging.json, judging.junit,
                                      judging.html};
  std::vector<std::string> inputs = read;
  (judging.baseline.update ? written : inputs).push_back(judging.baseline.file);
  for (const std::string& file : written) {
    if (!file.empty()) require_writable(file);
  }
  require_distinct(written, inputs);
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
