// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace exactbn {

// Foreign text as HTML, in a line: of no markup, and printable.
std::string text_html(std::string_view text);

// The same of a name that may be broken after "_" where there is no room.
std::string name_html(std::string_view name);

// "<span class=...>unstable</span>": a word whose colour repeats what it says.
std::string badge_html(std::string_view word);

// A table of a page, which the script of the page lets readers sort.
class HtmlTable {
 public:
  struct Column {
    std::string heading;
    bool number = false;
  };
  struct Cell {
    std::string html;
    std::string sort = {};        // what to sort by; the text if empty
    std::string attributes = {};  // " data-is=\"failed\""
  };

  HtmlTable(std::string caption, std::vector<Column> columns);

  // The first cell names the row. The attributes begin with a blank.
  void add(const std::vector<Cell>& cells, const std::string& attributes = {});

  // Within a box that scrolls where it is too wide.
  std::string html() const;

 private:
  std::string caption_;
  std::vector<Column> columns_;
  std::string rows_;
};

// A cell of a measure, of three digits; "-" where there is none.
HtmlTable::Cell measure_cell(double value, bool is_there = true);
HtmlTable::Cell count_cell(std::int64_t count);

}  // namespace exactbn
