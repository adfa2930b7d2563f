// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace exactbn {

// Foreign text as one line of HTML: escaped and printable.
std::string text_html(std::string_view text);

// The same for a name, which may break after "_".
std::string name_html(std::string_view name);

// "<span class=...>unstable</span>": a word with a colour that repeats it.
std::string badge_html(std::string_view word);

// A table, which the script of the page makes sortable.
class HtmlTable {
 public:
  struct Column {
    std::string heading;
    bool number = false;
  };
  struct Cell {
    std::string html;
    std::string sort = {};        // sort key; the text if empty
    std::string attributes = {};  // " data-is=\"failed\""
  };

  HtmlTable(std::string caption, std::vector<Column> columns);

  // The first cell names the row. Attributes begin with a blank.
  void add(const std::vector<Cell>& cells, const std::string& attributes = {});

  // The table in a box that scrolls if the table is too wide.
  std::string html() const;

 private:
  std::string caption_;
  std::vector<Column> columns_;
  std::string rows_;
};

// A measure with three digits; "-" if it is absent or NaN.
HtmlTable::Cell measure_cell(double value, bool is_there = true);
HtmlTable::Cell count_cell(std::int64_t count);

}  // namespace exactbn
