// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "oracles/printable.h"
#include "tools/exactbn/report/baseline_text.h"
#include "tools/exactbn/report/counterexample_text.h"
#include "tools/exactbn/report/properties_report.h"
#include "tools/exactbn/run/accumulation.h"
#include "tools/exactbn/shell_word.h"

namespace exactbn {

namespace {

std::string table(const Survey& survey) {
  std::string text =
      fmt::format("{:<28} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "law", "held",
                  "broken", "beyond", "undecided", "not asked");
  for (const Tally& t : survey.tallies) {
    if (t.held + t.broken + t.beyond + t.undecided == 0) continue;
    text += fmt::format("{:<28} {:>9} {:>9} {:>9} {:>9} {:>9}\n", t.law, t.held,
                        t.broken, t.beyond, t.undecided, t.not_applicable);
  }
  for (const Tally& t : survey.tallies) {
    if (t.other_bits == 0) continue;
    text += fmt::format("\n{}: different bits in {} case{}\n", t.law,
                        t.other_bits, t.other_bits == 1 ? "" : "s");
  }
  return text;
}

// Before all else: a law says nothing about answers that differ by themselves.
std::string differing_text(const PropertiesRun& run) {
  const Survey& s = run.survey;
  if (s.differing == 0) return {};
  const auto& smallest = *s.smallest_differing;
  std::string text = fmt::format(
      "DIFFERS from run to run in {} of {} questions   the smallest is case "
      "{}{}\n",
      s.differing, s.done - s.unsupported, smallest.index,
      run.differing
          ? fmt::format(", shrunk to {} value{}",
                        value_count(run.differing->problem),
                        value_count(run.differing->problem) == 1 ? "" : "s")
          : "");
  return text +
         problem_text(differing_case(run).problem,
                      {Answer::Kind::error, {}, {}}, Paste::no) +
         '\n';
}

std::string distribution_text(const Survey& survey) {
  std::string text;
  for (const auto& [kind, values] : survey.distribution) {
    std::uint64_t all = 0;
    for (const auto& [value, n] : values) all += n;
    for (const auto& [value, n] : values) {
      text +=
          fmt::format("{:<18} {:<26} {:>8} {:>6.1f}%\n", kind, value, n,
                      100 * static_cast<double>(n) / static_cast<double>(all));
    }
  }
  return text;
}

}  // namespace

Case differing_case(const PropertiesRun& run) {
  const Differing& smallest = *run.survey.smallest_differing;
  return {fmt::format("differs-{}", smallest.index),
          run.differing ? run.differing->problem : smallest.problem,
          {}};
}

Summary summarize(const Survey& survey) {
  const auto cases = [](std::uint64_t n) {
    return static_cast<std::int64_t>(n);
  };
  Summary s;
  s.passed = cases(survey.passed);
  s.failed = cases(survey.failed);
  s.missing = cases(survey.missing);
  s.undecided = cases(survey.undecided);
  s.beyond = cases(survey.beyond);
  s.unsupported = cases(survey.unsupported);
  s.domain = survey.declaration.domain;
  s.run = s.passed + s.failed + s.missing + s.undecided + s.beyond;
  s.broke = survey.broke;
  s.known_failed = cases(survey.known);
  return s;
}

namespace {

// Whether any case was asked, and the oracle or a law says anything about it.
bool was_asked(const Survey& survey) {
  return summarize(survey).run > 0 &&
         (survey.missing > 0 ||
          std::any_of(
              survey.tallies.begin(), survey.tallies.end(), [](const Tally& t) {
                const bool answers = t.law == kAnswers;
                return t.broken > 0 ||
                       (!answers && t.held + t.beyond + t.undecided > 0);
              }));
}

}  // namespace

int exit_code(const PropertiesRun& run) {
  const Survey& s = run.survey;
  const bool updated = run.baseline && run.baseline->updated;
  const bool stale =
      run.baseline && run.baseline->strict && !run.baseline->mended.empty();
  const std::uint64_t known = updated ? s.failed : s.known;
  if (s.gave_up || !s.at_exit.empty() || (s.broke && !updated)) return 3;
  if (s.failed > known || stale) return 1;
  // Nothing was found, but not everything was looked at.
  if (s.interrupted) return 130;
  if (!was_asked(s)) return 2;
  return s.missing > 0 || s.passed + known == 0 ? 4 : 0;
}

std::string counterexample_text(const PropertiesRun& run,
                                const Counterexample& found) {
  const std::string& law = found.discovery.violation.law;
  std::string again =
      fmt::format("{} --case {}", run.again, found.discovery.index);
  if (law != kAnswers) again += " --law " + law;
  std::vector<std::string> commands = {printable(again)};
  if (!run.replay.empty()) {
    commands.push_back(
        printable(run.replay + " --filter " + shell_word(id_of(found))));
  }
  return counterexample_text(found, commands);
}

std::string short_accumulation_text(const PropertiesRun& run) {
  const Declaration& declaration = run.survey.declaration;
  const auto drawn = run.survey.distribution.find("format");
  std::set<DType> asked;
  for (const DType x : kDTypes) {
    const bool is_drawn = drawn != run.survey.distribution.end() &&
                          drawn->second.contains(std::string(format(x).name));
    const bool is_declared =
        declaration.dtypes.empty() ||
        std::find(declaration.dtypes.begin(), declaration.dtypes.end(), x) !=
            declaration.dtypes.end();
    if (is_drawn && is_declared) asked.insert(x);
  }
  return short_accumulation_text(declaration, asked);
}

std::string properties_text(const PropertiesRun& run, bool distribution) {
  std::string text = fmt::format(
      "{}   {} cases from {}   seed {}   profile {}\n\n",
      printable(run.survey.declaration.subject), run.survey.done,
      run.request.first, run.request.seed, to_string(run.request.draw.profile));
  text += differing_text(run);
  const std::string line =
      accumulation_line(run.survey.declaration, short_accumulation_text(run));
  if (!line.empty()) text += line + '\n';
  text += table(run.survey) + '\n';
  if (distribution) text += distribution_text(run.survey) + '\n';
  for (const Counterexample& found : run.found) {
    text += counterexample_text(run, found) + '\n';
  }
  const std::size_t more = run.survey.discoveries.size() - run.found.size();
  if (more > 0) {
    text += fmt::format("{} more law{} broken; --errors N shows more\n\n", more,
                        more == 1 ? " is" : "s are");
  }
  if (run.survey.interrupted) text += "interrupted\n";
  if (!run.survey.at_exit.empty()) {
    text += fmt::format("AT EXIT    {}\n\n", printable(run.survey.at_exit));
  }
  if (run.baseline) {
    text += baseline_text(*run.baseline, baseline_counts(run), "law") + '\n';
  }
  return text + to_string(summarize(run.survey)) + '\n';
}

}  // namespace exactbn
