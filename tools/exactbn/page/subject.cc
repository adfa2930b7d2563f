// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/page/subject.h"

#include <fmt/format.h>

#include <map>
#include <sstream>
#include <string>
#include <tuple>

#include "oracles/descriptor_stream.h"
#include "oracles/explain.h"
#include "oracles/format_names.h"
#include "oracles/printable.h"
#include "tools/exactbn/page/figures.h"
#include "tools/exactbn/page/table.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/card.h"
#include "tools/exactbn/report/failure_text.h"
#include "tools/exactbn/report/markup.h"
#include "tools/exactbn/report/smallest.h"
#include "tools/exactbn/run/accumulation.h"
#include "tools/exactbn/run/conventions.h"
#include "tools/exactbn/run/roundings.h"

namespace exactbn {

std::string filter_attributes(Operation operation, DType dtype) {
  return fmt::format(" data-operation=\"{}\" data-dtype=\"{}\"",
                     to_string(operation), format(dtype).name);
}

std::string is_attribute(const TableRow& row) {
  const Summary& s = row.summary;
  std::string words(row.judged ? to_string(row.grade) : "");
  const auto add = [&](std::int64_t count, Verdict verdict) {
    if (count > 0) words += fmt::format(" {}", to_string(verdict));
  };
  add(s.passed, Verdict::passed);
  add(s.failed, Verdict::failed);
  add(s.missing, Verdict::missing);
  add(s.undecided, Verdict::undecided);
  add(s.beyond, Verdict::beyond);
  add(s.unsupported, Verdict::unsupported);
  return fmt::format(" data-is=\"{}\"", words);
}

std::string counts_html(const Summary& s) {
  std::string text =
      s.failed > 0 ? fmt::format("<b>{} failed</b> of {}", s.failed, s.run)
                   : fmt::format("0 failed of {}", s.run);
  if (s.undecided > 0) text += fmt::format(", {} undecided", s.undecided);
  if (s.beyond > 0) text += fmt::format(", {} beyond", s.beyond);
  if (s.missing > 0) text += fmt::format(", {} missing", s.missing);
  return text;
}

namespace {
// The last part of the name of a failure.
std::string id_of(const CaseRun& c) { return printable(c.question->id); }

}  // namespace

std::string case_html(const PageSubject& subject, const CaseRun& c) {
  const std::string id = escaped(id_of(c));
  if (c.verdict.verdict != Verdict::failed) return "<code>" + id + "</code>";
  return fmt::format("<a href=\"#{}\"><code>{}</code></a>",
                     fragment(subject.name + ':' + id_of(c)), id);
}

namespace {

// The conventions found by the probe, beside the declared ones.
std::string card_html(const Card& card) {
  HtmlTable table(
      "Conformance card",
      {{"convention"}, {"found"}, {"declared"}, {"agrees"}, {"evidence"}});
  for (const CardLine& line : card.lines) {
    const bool silent = line.declared.empty();
    table.add({{text_html(line.title)},
               {text_html(line.found)},
               {silent ? "-" : text_html(line.declared)},
               {silent        ? "-"
                : line.agrees ? "yes"
                              : "<b>no</b>"},
               {text_html(line.evidence)}});
  }
  // Open only if something disagrees.
  const CardCounts counts = count(card);
  return fmt::format(
      "<h3>Conventions</h3>\n<details class=\"data card\"{}>"
      "<summary>{}</summary>\n{}</details>\n",
      counts.disagree > 0 ? " open" : "", to_string(counts), table.html());
}

std::string failure_html(const PageSubject& subject, const CaseRun& c) {
  const Problem& problem = c.question->problem;
  const std::string name = subject.name + ':' + id_of(c);
  std::string what = text_html(c.verdict.reason);
  std::string words = "failed";
  if (const OutputVerdict* out = shown_output(c.verdict)) {
    what =
        fmt::format("{}, eta {:.3g} {}", out->output, out->worst.judgement.eta,
                    badge_html(to_string(out->grade)));
    words += fmt::format(" {}", to_string(out->grade));
  }
  return fmt::format(
      "<li{} data-is=\"{}\"><details "
      "id=\"{}\">\n<summary><code>{}</code> "
      "<span>{} {}</span> <span>{}</span> <span class=\"labels\">{}</span>"
      "</summary>\n"
      "<pre tabindex=\"0\">{}</pre>\n"
      "<p><a href=\"#{}\">Link to this "
      "failure</a></p>\n</details></li>\n",
      filter_attributes(problem.operation, problem.x().dtype()), words,
      escaped(name), escaped(id_of(c)), to_string(problem.operation),
      format(problem.x().dtype()).name, what,
      text_html(fmt::format("{}", fmt::join(c.question->labels, ", "))),
      escaped(failure_text(*subject.run, c)), fragment(name));
}

std::string failures_html(const PageSubject& subject) {
  std::string list;
  int count = 0;
  for (const CaseRun& c : subject.run->cases) {
    if (c.verdict.verdict != Verdict::failed) continue;
    ++count;
    list += failure_html(subject, c);
  }
  std::string html =
      fmt::format("<h3>Failures <span>({})</span></h3>\n", count);
  const std::string diagnosis = diagnosis_text(*subject.run);
  if (!diagnosis.empty()) {
    html += "<pre tabindex=\"0\" class=\"diagnosis\">" + escaped(diagnosis) +
            "</pre>\n";
  }
  if (count == 0) return html + "<p>None.</p>\n";
  for (const SmallestFailure& smallest : subject.run->smallest) {
    const Problem& problem = smallest.problem;
    html +=
        fmt::format("<pre tabindex=\"0\"{} data-is=\"failed\">{}</pre>\n",
                    filter_attributes(problem.operation, problem.x().dtype()),
                    escaped(smallest_text(smallest)));
  }
  return html + "<ul class=\"failures\">\n" + list + "</ul>\n";
}

// The cases that have no verdict.
std::string open_html(const Run& run) {
  HtmlTable table("Cases without a verdict",
                  {{"case"}, {"operation"}, {"format"}, {"verdict"}, {"why"}});
  int count = 0;
  for (const CaseRun& c : run.cases) {
    const Verdict verdict = c.verdict.verdict;
    if (!is_open(verdict)) continue;
    ++count;
    const Problem& problem = c.question->problem;
    const DType dtype = problem.x().dtype();
    table.add({{"<code>" + text_html(c.question->id) + "</code>"},
               {name_html(to_string(problem.operation))},
               {std::string(format(dtype).name)},
               {badge_html(to_string(verdict))},
               {text_html(why(c))}},
              filter_attributes(problem.operation, dtype) +
                  fmt::format(" data-is=\"{}\"", to_string(verdict)));
  }
  return fmt::format("<h3>Undecided and missing <span>({})</span></h3>\n",
                     count) +
         (count == 0 ? "<p>None.</p>\n" : table.html());
}

// A paragraph for each line of the text report that is about the whole run.
std::string whole_run_html(const Run& run) {
  std::string html;
  std::string text = differing_text(run);
  for (const std::string& line : disagreements(run)) {
    text += "DISAGREES  " + line + '\n';
  }
  text += end_text(run);
  text += accumulation_line(run.declaration, accumulation_text(run));
  std::istringstream lines(text + roundings_text(run));
  for (std::string line; read_line(lines, line);) {
    html += "<p>" + text_html(line) + "</p>\n";
  }
  return html;
}

// Why cases are unsupported, and how many for each reason.
std::string unsupported_html(const Run& run) {
  using Key = std::tuple<Operation, DType, std::string>;
  std::map<Key, int> reasons;
  int count = 0;
  for (const CaseRun& c : run.cases) {
    if (c.verdict.verdict != Verdict::unsupported) continue;
    ++count;
    const Problem& problem = c.question->problem;
    ++reasons[{problem.operation, problem.x().dtype(), why(c)}];
  }
  const std::string heading =
      fmt::format("<h3>Not supported <span>({})</span></h3>\n", count);
  if (count == 0) return heading + "<p>Nothing.</p>\n";
  HtmlTable table("What the subject does not do",
                  {{"operation"}, {"format"}, {"why"}, {"cases", true}});
  for (const auto& [key, cases] : reasons) {
    const auto& [operation, dtype, reason] = key;
    table.add({{name_html(to_string(operation))},
               {std::string(format(dtype).name)},
               {text_html(reason)},
               count_cell(cases)},
              filter_attributes(operation, dtype) + " data-is=\"unsupported\"");
  }
  return heading + "<details class=\"data\"><summary>Reasons and counts" +
         "</summary>\n" + table.html() + "</details>\n";
}

}  // namespace

std::string subject_html(const PageSubject& subject,
                         const std::string& heading) {
  std::string html = fmt::format(
      "<section class=\"subject\" data-subject=\"{0}\" "
      "aria-label=\"{0}\">\n"
      "<h2 id=\"{0}\">{1}</h2>\n",
      escaped(subject.name), heading);
  if (!subject.run) {
    return html + "<p>It did not start: " + text_html(subject.failure) +
           "</p>\n</section>\n";
  }
  const Run& run = *subject.run;
  html +=
      fmt::format("<p class=\"outcome\">{}</p>\n", to_string(summarize(run)));
  html += whole_run_html(run);
  if (run.card) html += card_html(*run.card);
  return html + "<h3>By operation and format</h3>\n" + figures_html(run) +
         errors_html(subject) + histograms_html(run) + failures_html(subject) +
         open_html(run) + unsupported_html(run) + "</section>\n";
}

}  // namespace exactbn
