// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/page/table.h"

#include <fmt/format.h>

#include <cmath>

#include "oracles/printable.h"
#include "tools/exactbn/report/markup.h"

namespace exactbn {

std::string text_html(std::string_view text) {
  return escaped(printable(text));
}

std::string name_html(std::string_view name) {
  std::string html;
  for (const char c : text_html(name)) {
    html += c;
    if (c == '_') html += "<wbr>";
  }
  return html;
}

std::string badge_html(std::string_view word) {
  return fmt::format("<span class=\"badge {0}\">{0}</span>", word);
}

HtmlTable::HtmlTable(std::string caption, std::vector<Column> columns)
    : caption_(std::move(caption)), columns_(std::move(columns)) {}

void HtmlTable::add(const std::vector<Cell>& cells,
                    const std::string& attributes) {
  rows_ += "<tr" + attributes + '>';
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    const std::string_view tag = i == 0 ? "th scope=\"row\"" : "td";
    rows_ += fmt::format("<{}", tag);
    if (columns_[i].number) rows_ += " class=\"number\"";
    if (!cell.sort.empty()) {
      rows_ += fmt::format(" data-sort=\"{}\"", escaped(cell.sort));
    }
    rows_ += cell.attributes + '>' + cell.html + (i == 0 ? "</th>" : "</td>");
  }
  rows_ += "</tr>\n";
}

std::string HtmlTable::html() const {
  std::string head;
  for (const Column& column : columns_) {
    head +=
        fmt::format("<th scope=\"col\"{}>{}</th>",
                    column.number ? " class=\"number\"" : "", column.heading);
  }
  return fmt::format(
      "<div class=\"wide\" role=\"group\" aria-label=\"{0}\" tabindex=\"0\">\n"
      "<table>\n<caption>{0}</caption>\n<thead><tr>{1}</tr></thead>\n"
      "<tbody>\n{2}</tbody>\n</table>\n</div>\n",
      caption_, head, rows_);
}

HtmlTable::Cell measure_cell(double value, bool is_there) {
  if (!is_there || std::isnan(value)) return {"-", "-1"};
  const std::string text = fmt::format("{:.3g}", value);
  // JavaScript reads 1e999 as Infinity.
  return {text, std::isinf(value) ? "1e999" : fmt::format("{:.17g}", value)};
}

HtmlTable::Cell count_cell(std::int64_t count) {
  return {std::to_string(count), std::to_string(count)};
}

}  // namespace exactbn
