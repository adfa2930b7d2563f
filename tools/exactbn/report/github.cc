// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/github.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>

#include "oracles/printable.h"
#include "tools/exactbn/report/failure_text.h"
#include "tools/exactbn/report/write_file.h"
#include "tools/exactbn/run/conventions.h"
#include "tools/exactbn/run/failures.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

// As GitHub decodes them: actions/toolkit, command.ts.
std::string escaped_message(std::string_view text, std::string_view also) {
  std::string escaped;
  for (const char c : text) {
    const bool special =
        c == '%' || c == '\r' || c == '\n' || also.find(c) != also.npos;
    escaped += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c))
                       : std::string(1, c);
  }
  return escaped;
}

// The lines after the heading, without the last line break.
std::string body_of(const std::string& text) {
  const std::size_t begin = text.find('\n') + 1;
  const std::size_t end = text.find_last_not_of('\n') + 1;
  return text.substr(begin, std::max(begin, end) - begin);
}

// A failure or another case without which the exit code would be 0.
bool has_weight(const Run& run, const CaseRun& c) {
  const Verdict verdict = c.verdict.verdict;
  const bool counts =
      verdict == Verdict::undecided && run.declaration.domain == Domain::all;
  return !c.known &&
         (verdict == Verdict::failed || verdict == Verdict::missing || counts);
}

std::string annotation_of(const Run& run, const CaseRun& c) {
  const Problem& problem = c.question->problem;
  const Verdict verdict = c.verdict.verdict;
  const std::string title = fmt::format(
      "{}: {} {} {}", to_string(verdict), to_string(problem.operation),
      format(problem.x().dtype()).name, printable(c.question->id));
  const std::string text =
      verdict == Verdict::failed
          ? body_of(failure_text(run, c))
          : fmt::format("{}\n  again  {}", printable(why(c)),
                        printable(again(run, c)));
  return annotation("error", title, text);
}

// What fails the run and no case, and is not known.
std::vector<std::string> lines_of_run(const Run& run) {
  std::vector<std::string> lines;
  for (const std::string& line : disagreements(run)) {
    const bool known = run.baseline &&
                       run.baseline->known_of_run.contains(without_flags(line));
    if (!known) lines.push_back(line);
  }
  for (const auto& [key, rounding] : roundings(run)) {
    if (rounding.failed && !is_known(run, key, rounding)) {
      lines.push_back(failure_line(key, rounding));
    }
  }
  return lines;
}

std::string more_text(std::size_t more) {
  if (more == 0) return {};
  return annotation("notice", "exactbn",
                    fmt::format("{} more failed; the log of this step has the "
                                "counts",
                                more));
}

std::string mended_text(const std::optional<BaselineOutcome>& baseline) {
  if (!baseline || baseline->mended.empty()) return {};
  std::string text =
      fmt::format("{} of {} {} mended; --update-baseline removes the lines",
                  baseline->mended.size(), printable(baseline->file),
                  baseline->mended.size() == 1 ? "is" : "are");
  for (const std::string& line : baseline->mended) {
    text += '\n' + printable(line);
  }
  return annotation(baseline->strict ? "error" : "notice", "exactbn baseline",
                    text);
}

const char* step_summary() { return ::getenv("GITHUB_STEP_SUMMARY"); }

}  // namespace

std::string annotation(std::string_view kind, std::string_view title,
                       std::string_view message) {
  return fmt::format("::{} title={}::{}\n", kind, escaped_message(title, ":,"),
                     escaped_message(message, ""));
}

std::string annotations(const Run& run, int errors) {
  std::string text = mended_text(run.baseline);
  int left = std::min(errors, kMostAnnotations - (text.starts_with("::error")));
  std::size_t more = 0;
  for (const std::string& line : lines_of_run(run)) {
    if (left-- > 0) {
      text += annotation(
          "error", "exactbn",
          fmt::format("{}\n{}", printable(line), printable(run.again)));
    } else {
      ++more;
    }
  }
  for (const CaseRun& c : run.cases) {
    if (!has_weight(run, c)) continue;
    if (left-- > 0) {
      text += annotation_of(run, c);
    } else {
      ++more;
    }
  }
  return text + more_text(more);
}

std::string annotations(const PropertiesRun& run) {
  std::string text = mended_text(run.baseline);
  const std::size_t most =
      kMostAnnotations - (text.starts_with("::error") ? 1 : 0);
  std::string differs;
  if (run.survey.differing > 0) {
    differs = annotation(
        "error", "exactbn",
        fmt::format("{} of {} questions are answered differently from run to "
                    "run",
                    run.survey.differing,
                    run.survey.done - run.survey.unsupported));
  }
  text += differs;
  const std::size_t shown =
      std::min(run.found.size(), most - (differs.empty() ? 0 : 1));
  for (std::size_t i = 0; i < shown; ++i) {
    const Counterexample& found = run.found[i];
    text += annotation("error", found.discovery.violation.law + " is broken",
                       body_of(counterexample_text(run, found)));
  }
  return text + more_text(run.survey.discoveries.size() - shown);
}

void require_writable_step_summary() {
  const char* const file = step_summary();
  if (file) require_writable(file);
}

void append_step_summary(const std::string& heading,
                         const std::string& report) {
  const char* const file = step_summary();
  if (!file) return;
  // No line of the report can end the code block: none is so long a fence.
  std::string fence = "```";
  while (report.find(fence) != report.npos) fence += '`';
  std::ofstream out(file, std::ios::app | std::ios::binary);
  out << "### exactbn: " << printable(heading) << "\n\n"
      << fence << "text\n"
      << report << fence << "\n\n";
  out.close();
  if (!out) throw UsageError(std::string(file) + ": cannot be written");
}

}  // namespace exactbn
