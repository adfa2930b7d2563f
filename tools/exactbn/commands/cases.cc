// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/cases.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "golden/vector/sha256.h"
#include "oracles/descriptor_stream.h"
#include "oracles/wire.h"
#include "tools/exactbn/commands/or_why.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

std::vector<NumberedLine> lines_of(std::istream& in) {
  std::vector<NumberedLine> lines;
  std::string text;
  for (int number = 1; read_line(in, text); ++number) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    lines.push_back({number, std::move(text)});
  }
  return lines;
}

}  // namespace

const std::vector<SuiteName>& suites() {
  static const std::vector<SuiteName> names = {
      {"core", "every operation and format, corner cases included"}};
  return names;
}

std::vector<NumberedLine> read_lines(const std::string& file) {
  return or_why(file, [&] {
    InputStream in(file);
    if (file != "-" && in.peek() == InputStream::traits_type::eof()) {
      throw UsageError(file + ": is empty");
    }
    return lines_of(in);
  });
}

std::vector<Case> read_cases(const std::string& file) {
  std::vector<Case> cases;
  std::set<std::string> ids;
  for (const NumberedLine& line : read_lines(file)) {
    const std::string place = file + ':' + std::to_string(line.number) + ": ";
    try {
      cases.push_back(read_case(line.text));
    } catch (const WireError& error) {
      throw UsageError(place + error.what());
    }
    if (!ids.insert(cases.back().id).second) {
      throw UsageError(place + "case " + cases.back().id + ": given twice");
    }
  }
  return cases;
}

std::vector<DType> chosen_dtypes(const std::vector<std::string>& names) {
  std::vector<DType> chosen;
  for (const std::string& name : names) {
    const auto dtype = parse_dtype(name);
    if (!dtype) {
      std::string problem = "--dtype: unknown format '" + name + "'; expected ";
      for (const DType each : kDTypes) {
        if (each != kDTypes[0]) problem += ", ";
        problem += format(each).name;
      }
      throw UsageError(problem);
    }
    chosen.push_back(*dtype);
  }
  return chosen;
}

bool is_chosen(const std::vector<DType>& chosen, DType dtype) {
  return chosen.empty() ||
         std::find(chosen.begin(), chosen.end(), dtype) != chosen.end();
}

bool selects(const Selection& selection, const Case& c) {
  const auto has = [&](std::string_view text) {
    return text.find(selection.filter) != std::string_view::npos;
  };
  return is_chosen(chosen_dtypes(selection.dtypes), c.problem.x().dtype()) &&
         (has(c.id) || has(to_string(c.problem.operation)) ||
          std::any_of(c.labels.begin(), c.labels.end(), has));
}

std::vector<Case> all_cases(const Selection& selection) {
  if (selection.file.empty() && selection.suite != suites().front().name) {
    throw UsageError("--suite: unknown suite '" + selection.suite +
                     "'; expected core");
  }
  return selection.file.empty() ? core_suite(selection.seed)
                                : read_cases(selection.file);
}

std::string identity(const Selection& selection,
                     const std::vector<Case>& cases) {
  if (selection.file.empty()) {
    return "suite " + selection.suite + ", seed " +
           std::to_string(selection.seed);
  }
  std::string lines;
  for (const Case& c : cases) lines += write_case(c) + '\n';
  return std::to_string(cases.size()) + " cases, sha256 " + sha256(lines);
}

void keep_selected(const Selection& selection, std::vector<Case>& cases) {
  std::erase_if(cases, [&](const Case& c) { return !selects(selection, c); });
  if (cases.empty()) throw UsageError("no case is selected");
}

std::vector<Case> select_cases(const Selection& selection) {
  std::vector<Case> cases = all_cases(selection);
  keep_selected(selection, cases);
  return cases;
}

}  // namespace exactbn
