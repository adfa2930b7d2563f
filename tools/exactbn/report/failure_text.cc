// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/failure_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "oracles/format_names.h"
#include "oracles/mismatch/lines.h"
#include "oracles/mismatch/text.h"
#include "oracles/printable.h"
#include "tools/exactbn/shell_word.h"

namespace exactbn {

namespace {

std::string heading(const CaseRun& c) {
  const Problem& problem = c.question->problem;
  std::string text = fmt::format("FAIL {} {}", to_string(problem.operation),
                                 format(problem.x().dtype()).name);
  if (!c.question->id.empty()) text += "  " + c.question->id;
  std::string labels;
  for (const std::string& label : c.question->labels) {
    labels += (labels.empty() ? "" : ", ") + label;
  }
  if (!labels.empty()) text += "  [" + labels + ']';
  return cut_line(text);
}

}  // namespace

Explanation explain_case(const Run& run, const CaseRun& c) {
  const Answer* answer =
      c.judged < c.answers.size() ? &c.answers[c.judged] : nullptr;
  return explain(*c.question, run.declaration, c.verdict, answer, run.required);
}

std::string dependence_text(const Dependence& d) {
  return fmt::format("{} of {}: {}", fmt::join(d.outputs, ", "),
                     to_string(d.operation), printable(d.what));
}

std::string formula_heading(const WrongFormula& f) {
  return fmt::format("{} of {}: {}{}", fmt::join(f.outputs, ", "),
                     to_string(f.operation), f.what,
                     f.only_at.empty() ? "" : ", only at " + f.only_at);
}

std::string looks_like(const Run& run, const CaseRun& c,
                       const Explanation& why) {
  if (const DefectExplanation* explanation = explanation_of(run, c)) {
    return explanation_what(*explanation);
  }
  if (!why.looks_like.empty()) return why.looks_like;
  const OutputVerdict* out = shown_output(c.verdict);
  const WrongFormula* formula = out ? formula_of(run, c, out->output) : nullptr;
  return formula ? formula_heading(*formula) : std::string();
}

std::string here_text(const Resemblance& resemblance) {
  std::string outputs;
  for (const Output output : resemblance.outputs) {
    outputs += outputs.empty() ? ", in " : " and ";
    outputs += to_string(output);
  }
  return "here" + outputs + (outputs.empty() ? "" : " only");
}

std::string elsewhere_text(const Resemblance& resemblance) {
  const std::size_t n = resemblance.elsewhere.size();
  const std::size_t other = resemblance.here.missed;
  std::string text = fmt::format(
      "not elsewhere: {} case{} that this defect would break passed", n,
      n == 1 ? "" : "s");
  if (other > 0) text += fmt::format(", {} failed differently", other);
  return text;
}

std::string only_where_text(const Resemblance& resemblance) {
  const std::string& rule = resemblance.only_where;
  return rule.empty() ? "" : "only where " + rule;
}

std::string again(const Run& run, const CaseRun& c) {
  return run.again + " --filter " + shell_word(c.question->id);
}

namespace {

std::string cause_text(const Run& run, const CaseRun& c,
                       const OutputVerdict& out, const std::string& like) {
  if (const DefectExplanation* explanation = explanation_of(run, c)) {
    return text_lines("looks like", like) +
           text_lines("", explanation_names(*explanation));
  }
  const Resemblance* here = resemblance_of(run, c);
  if (!like.empty() || !here) {
    const bool unknown = like.empty() && out.grade == Grade::unstable;
    return text_lines("looks like", unknown ? "no known defect" : like);
  }
  return text_lines("looks like",
                    explanation_what(here->here) + ", " + here_text(*here)) +
         text_lines("", explanation_names(here->here)) +
         text_lines("", elsewhere_text(*here)) +
         text_lines("", only_where_text(*here));
}

}  // namespace

std::string failure_text(const Run& run, const CaseRun& c) {
  std::string text = heading(c);
  text += text_lines("since", fmt::format("{}", fmt::join(c.news, ", ")));
  text += text_lines("what", c.verdict.reason);
  if (const OutputVerdict* out = shown_output(c.verdict)) {
    const Explanation why = explain_case(run, c);
    text += mismatch_text(c.question->problem, *out, why, run.required);
    text += text_line("", c.differs ? "differs from run to run" : "");
    text += cause_text(run, c, *out, looks_like(run, c, why));
  }
  if (run.again.empty()) return text;
  return text + fmt::format("  again  {}\n", printable(again(run, c)));
}

}  // namespace exactbn
