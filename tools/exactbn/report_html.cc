// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "oracles/printable.h"
#include "tools/exactbn/failure_text.h"
#include "tools/exactbn/markup.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/rows.h"

namespace exactbn {

namespace {

// Nothing is fetched: the page is read without a network.
constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 80rem;
       margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { padding: .25rem .5rem; text-align: right; white-space: nowrap;
         border-bottom: 1px solid color-mix(in srgb, currentColor 25%,
                                            transparent); }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2),
th:last-child, td:last-child { text-align: left; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; }
.wide { overflow-x: auto; }
)";

std::string row_html(const TableRow& row) {
  const Summary& s = row.summary;
  const auto measure = [&](double value) {
    return row.judged ? fmt::format("{:.3g}", value) : "-";
  };
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
      "<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
      "\n",
      to_string(row.operation), format(row.dtype).name, s.run, s.passed,
      s.failed, s.missing, s.undecided, s.unsupported, correct_share(row),
      measure(row.max_ulp), measure(row.max_eta),
      row.judged ? to_string(row.grade) : "-");
}

}  // namespace

std::string html_failures(const Run& run, const std::string& prefix) {
  std::string html;
  for (const CaseRun& c : run.cases) {
    if (c.verdict.verdict != Verdict::failed) continue;
    const std::string id = escaped(printable(c.question->id));
    html += fmt::format("<h3 id=\"{0}{1}\"><a href=\"#{0}{1}\">{1}</a></h3>\n",
                        escaped(prefix), id);
    html += "<pre>" + escaped(failure_text(run, c)) + "</pre>\n";
  }
  return html.empty() ? "<p>None.</p>\n" : html;
}

std::string html_page(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<title>exactbn: {0}</title>\n<style>{1}</style>\n</head>\n<body>\n"
      "<h1>{0}</h1>\n{2}</body>\n</html>\n",
      escaped(title), kStyle, body);
}

std::string html_report(const Run& run) {
  std::string html =
      fmt::format("<p>{}; required: {}</p>\n<p><strong>{}</strong></p>\n",
                  escaped(printable(run.source)), to_string(run.required),
                  to_string(summarize(run)));
  html +=
      "<h2>By operation and format</h2>\n<div class=\"wide\"><table>\n"
      "<thead><tr><th>operation</th><th>dtype</th><th>run</th><th>passed</th>"
      "<th>failed</th><th>missing</th><th>undecided</th><th>unsupported</th>"
      "<th>correct</th><th>worst ulp</th><th>worst "
      "eta</th><th>grade</th></tr></thead>\n"
      "<tbody>\n";
  for (const TableRow& row : rows(run)) html += row_html(row);
  html +=
      "</tbody></table></div>\n<h2>Failures</h2>\n" + html_failures(run, "");
  return html_page(printable(run.declaration.subject), html);
}

}  // namespace exactbn
