// SPDX-License-Identifier: Apache-2.0
#include "oracles/mismatch/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "oracles/mismatch/lines.h"
#include "oracles/printable.h"
#include "properties/shrink.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/baseline_text.h"
#include "tools/exactbn/report/card.h"
#include "tools/exactbn/report/failure_text.h"
#include "tools/exactbn/report/smallest.h"
#include "tools/exactbn/report/wrapped.h"
#include "tools/exactbn/run/accumulation.h"
#include "tools/exactbn/run/conventions.h"
#include "tools/exactbn/run/eta_decades.h"
#include "tools/exactbn/run/roundings.h"
#include "tools/exactbn/run/rows.h"

namespace exactbn {

namespace {

std::string row_text(const Run& run, const TableRow& row) {
  const Summary& s = row.summary;
  std::string open;
  if (s.missing > 0) open += fmt::format("  {} missing", s.missing);
  if (s.undecided > 0) open += fmt::format("  {} undecided", s.undecided);
  if (s.beyond > 0) open += fmt::format("  {} beyond", s.beyond);
  if (s.unsupported > 0) open += fmt::format("  {} unsupported", s.unsupported);
  const std::string grade =
      row.judged ? std::string(to_string(row.grade)) +
                       accumulation_of_grade(run.declaration, row.dtype)
                 : "-";
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
      text += row_text(run, row);
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

std::string formula_text(const WrongFormula& f) {
  std::string text = fmt::format("explains {} of {} cases", f.explained.size(),
                                 f.explained.size() + f.missed.size());
  if (!f.elsewhere.empty()) {
    text += fmt::format("; {} that it would break passed", f.elsewhere.size());
    if (!f.only_where.empty()) text += "; only where " + f.only_where;
  }
  return wrapped("formula    ", formula_heading(f)) +
         wrapped("           ", text);
}

}  // namespace

std::string diagnosis_text(const Run& run) {
  const std::size_t failed = wrong_cases(run);
  std::string text;
  for (const Dependence& d : run.dependences) {
    text += wrapped("fact       ", dependence_text(d));
  }
  std::size_t rest = failed;
  for (const DefectExplanation& explanation : run.diagnosis.explanations) {
    rest -= explanation.explained.size();
    text += fmt::format("diagnosis  {} of {} wrong: {}\n           {}\n",
                        explanation.explained.size(), failed,
                        explanation_what(explanation),
                        explanation_names(explanation));
  }
  std::vector<std::size_t> unknown = run.diagnosis.unexplained;
  const std::size_t large = rest - unknown.size();
  for (const WrongFormula& f : run.formulas) {
    if (without(f.explained, unknown) == f.explained) continue;
    text += formula_text(f);
  }
  for (const WrongFormula& f : run.formulas) {
    unknown = without(unknown, f.explained);
  }
  for (const Resemblance& r : run.diagnosis.resembling) {
    if (without(r.here.explained, unknown) == r.here.explained) continue;
    unknown = without(unknown, r.here.explained);
    text += fmt::format("diagnosis  {} of {} wrong: {}, {}\n",
                        r.here.explained.size(), failed,
                        explanation_what(r.here), here_text(r));
    for (const std::string& line :
         {explanation_names(r.here), elsewhere_text(r), only_where_text(r)}) {
      if (!line.empty()) text += fmt::format("           {}\n", line);
    }
  }
  if (!unknown.empty()) {
    text += fmt::format("diagnosis  {} of {} wrong: no known defect\n",
                        unknown.size(), failed);
  }
  if (large > 0) {
    text += fmt::format("diagnosis  {} of {} wrong: too large to diagnose\n",
                        large, failed);
  }
  for (const std::string& where : scope(run)) {
    text += fmt::format("scope      {}\n", where);
  }
  return text;
}

std::string differing_text(const Run& run) {
  std::int64_t questions = 0;
  std::vector<const CaseRun*> differ;
  for (const CaseRun& c : run.cases) {
    const bool asked = outcome(c) != Verdict::unsupported && !c.broke;
    questions += asked ? 1 : 0;
    if (c.differs) differ.push_back(&c);
  }
  if (differ.empty()) return {};
  const CaseRun& smallest = **std::min_element(
      differ.begin(), differ.end(), [](const CaseRun* a, const CaseRun* b) {
        return value_count(a->question->problem) <
               value_count(b->question->problem);
      });
  return fmt::format(
      "DIFFERS from run to run in {} of {} questions   the smallest is {} "
      "({})\n",
      differ.size(), questions, printable(smallest.question->id),
      to_string(smallest.question->problem.x().shape()));
}

namespace {

// The missing, undecided and beyond cases, with the reasons.
std::string open_cases(const Run& run) {
  std::string text;
  for (const CaseRun& c : run.cases) {
    const Verdict verdict = c.verdict.verdict;
    if (!is_open(verdict) || c.known) continue;
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
    if (c.verdict.verdict != Verdict::failed || c.known) continue;
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

namespace {

// A flag is not broken over two lines, so that it can be copied.
std::string with_flag(const std::string& head, const std::string& line) {
  const std::string what = without_flags(line);
  if (what == line || head.size() + line.size() <= 100) {
    return wrapped(head, line);
  }
  return wrapped(head, what + ':') +
         wrapped(std::string(head.size(), ' '), line.substr(what.size() + 2));
}

std::string baseline(const Run& run) {
  if (!run.baseline) return {};
  return baseline_text(*run.baseline, baseline_counts(run), "case");
}

}  // namespace

std::string disagreements_text(const Run& run) {
  std::string text;
  for (const std::string& line : disagreements(run)) {
    text += with_flag("DISAGREES  ", line);
  }
  if (const std::size_t n = cases_by_convention(run)) {
    text += fmt::format("{} case{} only by the declared convention{}\n", n,
                        n == 1 ? " fails" : "s fail",
                        run.others.size() == 1 ? "" : "s");
  }
  return text;
}

std::string end_text(const Run& run) {
  std::string text;
  if (!run.at_exit.empty()) {
    text += fmt::format("AT EXIT    {}\n", printable(run.at_exit));
  }
  if (!run.stopped.empty()) {
    text += fmt::format("STOPPED    {}\n", printable(run.stopped));
  }
  return text;
}

std::string text_report(const Run& run, int errors) {
  return fmt::format("{}   {}   required: {}\n\n",
                     printable(run.declaration.subject), printable(run.source),
                     to_string(run.required)) +
         paragraph(differing_text(run)) + paragraph(disagreements_text(run)) +
         paragraph(accumulation_line(run.declaration, accumulation_text(run))) +
         table(run) + growths(run) + '\n' + failures_text(run, errors) +
         paragraph(diagnosis_text(run)) + all_smallest(run) +
         paragraph(open_cases(run)) + paragraph(roundings_text(run)) +
         paragraph(conventions(run)) + paragraph(baseline(run)) +
         paragraph(end_text(run)) + to_string(summarize(run)) + '\n';
}

}  // namespace exactbn
