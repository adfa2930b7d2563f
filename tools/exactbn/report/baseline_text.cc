// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/baseline_text.h"

#include <fmt/format.h>

#include "oracles/printable.h"

namespace exactbn {

BaselineCounts baseline_counts(const Run& run) {
  BaselineCounts counts;
  for (const CaseRun& c : run.cases) {
    counts.known += c.known ? 1 : 0;
    counts.news += c.news.empty() ? 0 : 1;
  }
  const Summary summary = summarize(run);
  counts.known += static_cast<std::size_t>(summary.known_of_run);
  counts.news += static_cast<std::size_t>(
      summary.disagreements + summary.roundings_failed - summary.known_of_run);
  return counts;
}

BaselineCounts baseline_counts(const PropertiesRun& run) {
  BaselineCounts counts;
  for (const BrokenLaw& broken : run.survey.broken) {
    ++(run.request.known.contains(broken) ? counts.known : counts.news);
  }
  return counts;
}

std::string baseline_text(const BaselineOutcome& outcome,
                          const BaselineCounts& counts, const char* unit) {
  std::string text;
  for (const std::string& line : outcome.mended) {
    text += fmt::format("mended     {}\n", printable(line));
  }
  return text + fmt::format(
                    "baseline   {}: {} {}{} known, {} new or worse, {} "
                    "mended{}\n",
                    printable(outcome.file), counts.known, unit,
                    counts.known == 1 ? "" : "s", counts.news,
                    outcome.mended.size(), outcome.updated ? "; updated" : "");
}

Json baseline_json(const BaselineOutcome& outcome,
                   const BaselineCounts& counts) {
  return {{"file", outcome.file},
          {"known", counts.known},
          {"new", counts.news},
          {"mended", outcome.mended}};
}

}  // namespace exactbn
