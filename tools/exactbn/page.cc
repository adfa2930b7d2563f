// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "golden/vector/sha256.h"
#include "oracles/printable.h"
#include "tools/exactbn/page/assets.h"
#include "tools/exactbn/page/data.h"
#include "tools/exactbn/page/subject.h"
#include "tools/exactbn/page/table.h"
#include "tools/exactbn/report/markup.h"

namespace exactbn {

// Encodes all but letters, digits and a few other characters: not every program
// keeps quotes, blanks and bytes beyond ASCII in a link.
std::string fragment(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                       (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._:").find(c) != std::string::npos;
    if (plain) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

namespace {

// Converts hexadecimal digits to base 64.
std::string base64(const std::string& hex) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  // Six hexadecimal digits are four of base 64.
  for (std::size_t at = 0; at < hex.size(); at += 6) {
    const std::string part = hex.substr(at, 6);
    const std::size_t bits = 4 * part.size();
    const unsigned long value = std::stoul(part, nullptr, 16) << (24 - bits);
    for (std::size_t i = 0; i < 4; ++i) {
      text += i * 6 < bits ? kDigits[(value >> (18 - 6 * i)) & 63] : '=';
    }
  }
  return text;
}

// Forbids all requests, and all scripts but ours.
std::string policy() {
  const std::string script =
      kPageScript.empty() ? "'none'"
                          : "'sha256-" + base64(sha256(kPageScript)) + "'";
  return "default-src 'none'; base-uri 'none'; form-action 'none'; "
         "script-src " +
         script + "; style-src 'unsafe-inline'";
}

// Two subjects may have the same name.
void make_unique(std::vector<PageSubject>& subjects) {
  std::set<std::string> taken;
  for (PageSubject& subject : subjects) {
    const std::string name = printable(subject.name);
    subject.name = name;
    for (int n = 2; !taken.insert(subject.name).second; ++n) {
      subject.name = fmt::format("{} ({})", name, n);
    }
  }
}

HtmlTable::Cell matrix_cell(const TableRow* row, DType dtype) {
  const std::string column =
      fmt::format(" data-dtype=\"{}\"", format(dtype).name);
  if (!row || row->summary.run == 0) {
    return {"<span class=\"none\">-</span>", "-1",
            column + " data-is=\"unsupported\""};
  }
  const std::string counts =
      "<span class=\"counts\">" + counts_html(row->summary) + "</span>";
  if (!row->judged) return {"- " + counts, "-1", column + is_attribute(*row)};
  const HtmlTable::Cell eta = measure_cell(row->max_eta);
  return {"<span class=\"worst\">" + badge_html(to_string(row->grade)) +
              " <span class=\"eta\">" + eta.html + "</span></span> " + counts,
          eta.sort, column + is_attribute(*row)};
}

// A row per operation and subject, a column per format.
std::string matrix_html(const std::vector<PageSubject>& subjects) {
  std::map<Operation, std::map<std::size_t, std::map<DType, TableRow>>> blocks;
  std::set<DType> dtypes;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    if (!subjects[i].run) continue;
    for (const TableRow& row : rows(*subjects[i].run)) {
      if (row.summary.run == 0) continue;
      dtypes.insert(row.dtype);
      blocks[row.operation][i][row.dtype] = row;
    }
  }
  std::vector<HtmlTable::Column> columns = {{"operation"}, {"subject"}};
  for (const DType dtype : dtypes) {
    columns.push_back({std::string(format(dtype).name)});
  }
  HtmlTable table("The worst grade, the worst eta, and how many cases failed",
                  columns);
  for (const auto& [operation, of_subject] : blocks) {
    for (const auto& [i, of_dtype] : of_subject) {
      const std::string name = escaped(subjects[i].name);
      std::vector<HtmlTable::Cell> cells = {
          {name_html(to_string(operation))},
          {fmt::format("<a href=\"#{}\">{}</a>", fragment(subjects[i].name),
                       name_html(subjects[i].name))}};
      for (const DType dtype : dtypes) {
        const auto row = of_dtype.find(dtype);
        cells.push_back(
            matrix_cell(row == of_dtype.end() ? nullptr : &row->second, dtype));
      }
      table.add(cells, fmt::format(" data-subject=\"{}\" data-operation=\"{}\"",
                                   name, to_string(operation)));
    }
  }
  return "<section aria-labelledby=\"page-matrix\">\n<h2 id=\"page-matrix\">"
         "Side by side</h2>\n" +
         table.html() + "</section>\n";
}

constexpr std::string_view kLegend = R"(<details class="data legend">
<summary>What the words mean</summary>
<dl>
<dt>correct</dt><dd>every value is the correctly rounded one</dd>
<dt>faithful</dt><dd>every error is below 1 ulp</dd>
<dt>stable</dt><dd>eta is at most 8</dd>
<dt>sequential</dt><dd>eta is at most 8 + 2 sqrt(m)</dd>
<dt>unstable</dt><dd>eta is larger: a numerical or a semantic defect</dd>
<dt>eta</dt><dd>backward error: the smallest change of the inputs, in units of
the working precision, that makes the value exact</dd>
<dt>kappa</dt><dd>sqrt(mean x&#178; / (variance + epsilon)): the condition of a
channel</dd>
<dt>m</dt><dd>the number of values in a channel</dd>
<dt>undecided</dt><dd>so ill-conditioned that no bound means anything</dd>
<dt>beyond</dt><dd>wrong, but only where intermediates of sound algorithms leave
the range of the format</dd>
</dl>
</details>
)";

std::string outcome(const PageSubject& subject) {
  return subject.run ? to_string(summarize(*subject.run)) : "did not start";
}

std::string contents_html(const std::vector<PageSubject>& subjects) {
  std::string html = "<nav aria-label=\"Subjects\">\n<ul class=\"subjects\">\n";
  for (const PageSubject& subject : subjects) {
    html += fmt::format(
        "<li data-subject=\"{0}\"><a href=\"#{1}\">{0}</a> <span>{2}</span>"
        "</li>\n",
        escaped(subject.name), fragment(subject.name), outcome(subject));
  }
  return html + "</ul>\n</nav>\n";
}

// The source and grade of the first run; they are the same for all.
std::string how(const std::vector<PageSubject>& subjects) {
  for (const PageSubject& subject : subjects) {
    if (!subject.run) continue;
    return fmt::format("{}; required: {}", text_html(subject.run->source),
                       to_string(subject.run->required));
  }
  return "nothing ran";
}

std::string script_html(const std::vector<PageSubject>& subjects) {
  if (kPageScript.empty()) return {};
  return "<script type=\"application/json\" id=\"page-data\">" +
         page_data(subjects) + "</script>\n<script>" +
         std::string(kPageScript) + "</script>\n";
}

}  // namespace

std::string html_page(std::vector<PageSubject> subjects) {
  make_unique(subjects);
  const std::string title = subjects.size() == 1
                                ? escaped(subjects.front().name)
                                : fmt::format("{} subjects", subjects.size());
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n"
      "<title>exactbn: {}</title>\n<style>{}</style>\n</head>\n<body>\n"
      "<a class=\"skip\" href=\"#page-main\">Skip to the results</a>\n"
      "<header>\n<p class=\"brand\">exactbn {}</p>\n<h1>{}</h1>\n<p>{}</p>\n",
      policy(), title, kPageStyle, EXACTBN_VERSION, title, how(subjects));
  if (subjects.size() > 1) html += contents_html(subjects);
  html += kLegend;
  html += kPageScript.empty()
              ? "<p class=\"note\">This page has no charts, filters and "
                "sorting: the program was built without the packages of "
                "tools/exactbn/page.</p>\n"
              : "<noscript><p class=\"note\">Charts, filters and sorting need "
                "JavaScript, which is disabled. All figures are in the "
                "tables.</p></noscript>\n";
  html += "</header>\n<main id=\"page-main\" tabindex=\"-1\">\n";
  if (subjects.size() > 1) html += matrix_html(subjects);
  for (const PageSubject& subject : subjects) {
    html += subject_html(
        subject, subjects.size() > 1 ? escaped(subject.name) : "All results");
  }
  return html + "</main>\n" + script_html(subjects) + "</body>\n</html>\n";
}

}  // namespace exactbn
