// SPDX-License-Identifier: Apache-2.0
#include "oracles/mismatch/text.h"

#include <fmt/format.h>

#include <map>

#include "oracles/mismatch/lines.h"
#include "oracles/mismatch/printable.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/card.h"
#include "tools/exactbn/report/failure_text.h"
#include "tools/exactbn/report/smallest.h"
#include "tools/exactbn/run/eta_decades.h"
#include "tools/exactbn/run/rows.h"

namespace exactbn {

namespace {

std::string row_text(const TableRow& row) {
  const Summary& s = row.summary;
  std::string open;
  if (s.missing > 0) open += fmt::format("  {} missing", s.missing);
  if (s.undecided > 0) open += fmt::format("  {} undecided", s.undecided);
  if (s.beyond > 0) open += fmt::format("  {} beyond", s.beyond);
  if (s.unsupported > 0) open += fmt::format("  {} unsupported", s.unsupported);
  const std::string grade(row.judged ? to_string(row.grade) : "-");
  return fmt::format(
      "{:<24} {:<5} {:>4} {:>6} {:>6} {:>7} {:>9.3g} {:>9.3g}  {}\n",
      to_string(row.operation), format(row.dtype).name, s.run, s.passed,
      s.failed, correct_share(row), row.max_ulp, row.max_eta,
      open.empty() ? grade : fmt::format("{:<10}{}", grade, open));
}

std::string table(const Run& run) {
  std::string text =
      fmt::format("{:<24} {:<5} {:>4} {:>6} {:>6} {:>7} {:>9} {:>9}  {}\n",
                  "operation", "dtype", "run", "passed", "failed", "correct",
                  "worst ulp", "worst eta", "grade");
  std::map<Operation, std::string> unsupported;
  for (const TableRow& row : rows(run)) {
    if (row.summary.run > 0) {
      text += row_text(row);
    } else {
      unsupported[row.operation] += fmt::format(" {}", format(row.dtype).name);
    }
  }
  for (const auto& [operation, dtypes] : unsupported) {
    text +=
        fmt::format("{:<24} unsupported:{}\n", to_string(operation), dtypes);
  }
  return text;
}

std::string list_of(const std::vector<std::string>& ids) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < ids.size() && i < kShown; ++i) {
    text += (i > 0 ? ", " : "") + printable(ids[i]);
  }
  if (ids.size() > kShown)
    text += fmt::format(" and {} more", ids.size() - kShown);
  return text;
}

}  // namespace

std::string diagnosis_text(const Run& run) {
  const std::size_t failed = wrong_cases(run);
  std::string text;
  std::size_t rest = failed;
  for (const DefectExplanation& explanation : run.diagnosis.explanations) {
    rest -= explanation.explained.size();
    text += fmt::format("diagnosis  {} of {} wrong: {}\n           {}\n",
                        explanation.explained.size(), failed,
                        explanation_what(explanation),
                        explanation_names(explanation));
  }
  std::size_t unknown = run.diagnosis.unexplained.size();
  const std::size_t large = rest - unknown;
  for (const Resemblance& r : run.diagnosis.resembling) {
    unknown -= r.here.explained.size();
    text += fmt::format("diagnosis  {} of {} wrong: {}, {}\n",
                        r.here.explained.size(), failed,
                        explanation_what(r.here), here_text(r));
    for (const std::string& line :
         {explanation_names(r.here), elsewhere_text(r), only_where_text(r)}) {
      if (!line.empty()) text += fmt::format("           {}\n", line);
    }
  }
  if (unknown > 0) {
    text += fmt::format("diagnosis  {} of {} wrong: no known defect\n", unknown,
                        failed);
  }
  if (large > 0) {
    text += fmt::format("diagnosis  {} of {} wrong: too large to diagnose\n",
                        large, failed);
  }
  for (const std::string& where : scope(run)) {
    text += fmt::format("scope      {}\n", where);
  }
  const std::vector<std::string> differ = differing_cases(run);
  if (!differ.empty()) {
    text +=
        fmt::format("differs    {} case{} from run to run: {}\n", differ.size(),
                    differ.size() == 1 ? "" : "s", list_of(differ));
  }
  return text;
}

namespace {

// The missing, undecided and beyond cases, with the reasons.
std::string open_cases(const Run& run) {
  std::string text;
  for (const CaseRun& c : run.cases) {
    const Verdict verdict = c.verdict.verdict;
    if (!is_open(verdict)) continue;
    text += fmt::format("{:<10} {}: {}\n", to_string(verdict),
                        printable(c.question->id), printable(why(c)));
  }
  return text;
}

// The worst eta by decades of kappa or m, if there are several:
// "eta by kappa  1: 0.98  10: 1.2  100: 131".
std::string growth(const char* name, const std::vector<Decade>& decades) {
  if (decades.size() < 2) return {};
  std::string text = fmt::format("eta by {:<5}", name);
  for (const Decade& d : decades) {
    text += fmt::format("  {}: {:.2g}", d.from(), d.eta);
  }
  return cut_line(text);
}

std::string growths(const Run& run) {
  const std::string text =
      growth("kappa", eta_by_kappa(run)) + growth("m", eta_by_m(run));
  return text.empty() ? text : '\n' + text;
}

std::string all_smallest(const Run& run) {
  std::string text;
  for (const SmallestFailure& s : run.smallest) text += smallest_text(s) + '\n';
  return text;
}

std::string paragraph(const std::string& text) {
  return text.empty() ? text : text + '\n';
}

}  // namespace

std::string failures_text(const Run& run, int errors) {
  std::string text;
  int more = 0;
  for (const CaseRun& c : run.cases) {
    if (c.verdict.verdict != Verdict::failed) continue;
    if (errors-- > 0) {
      text += failure_text(run, c) + '\n';
    } else {
      ++more;
    }
  }
  if (more > 0) {
    text +=
        fmt::format("{} more failed; --errors N prints N in full\n\n", more);
  }
  return text;
}

std::string conventions(const Run& run) {
  if (!run.card) return {};
  return fmt::format("conventions: {}\n", to_string(count(*run.card)));
}

std::string text_report(const Run& run, int errors) {
  return fmt::format("{}   {}   required: {}\n\n",
                     printable(run.declaration.subject), printable(run.source),
                     to_string(run.required)) +
         table(run) + growths(run) + '\n' + failures_text(run, errors) +
         paragraph(diagnosis_text(run)) + all_smallest(run) +
         paragraph(open_cases(run)) + paragraph(conventions(run)) +
         to_string(summarize(run)) + '\n';
}

}  // namespace exactbn
