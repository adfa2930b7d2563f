// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "oracles/printable.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/json_parts.h"
#include "tools/exactbn/run/roundings.h"
#include "tools/exactbn/run/rows.h"

namespace exactbn {

namespace {

// The rows of one operation.
struct OperationRows {
  std::set<DType> dtypes;  // formats that ran for some subject
  // By index of the subject and format; only what ran.
  std::map<std::size_t, std::map<DType, TableRow>> of_subject;
};

std::map<Operation, OperationRows> blocks(const std::vector<SubjectRun>& all) {
  std::map<Operation, OperationRows> result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const TableRow& row : rows(all[i].run)) {
      if (row.summary.run == 0) continue;
      OperationRows& block = result[row.operation];
      block.dtypes.insert(row.dtype);
      block.of_subject[i][row.dtype] = row;
    }
  }
  return result;
}

// "unstable 4.9e+04 2/26 ~3": the worst grade and eta; 2 of 26 cases failed,
// and 3 are wrong beyond the ordinary domain.
std::string cell(const std::map<DType, TableRow>& of_dtype, DType dtype) {
  const auto found = of_dtype.find(dtype);
  if (found == of_dtype.end()) return "-";
  const TableRow& row = found->second;
  const Summary& s = row.summary;
  const std::string counts =
      fmt::format("{}/{}{}", s.failed, s.run,
                  s.beyond > 0 ? fmt::format(" ~{}", s.beyond) : "");
  if (!row.judged) return "- " + counts;
  return fmt::format("{} {:.2g} {}", to_string(row.grade), row.max_eta, counts);
}

using Lines = std::vector<std::vector<std::string>>;

// A line of headings, then a line per subject.
Lines table(const std::vector<SubjectRun>& all, Operation operation,
            const OperationRows& block) {
  Lines lines = {{std::string(to_string(operation))}};
  for (const DType dtype : block.dtypes) {
    lines.front().emplace_back(format(dtype).name);
  }
  for (const auto& [subject, of_dtype] : block.of_subject) {
    std::vector<std::string> line = {"  " + printable(all[subject].name)};
    for (const DType dtype : block.dtypes)
      line.push_back(cell(of_dtype, dtype));
    lines.push_back(std::move(line));
  }
  return lines;
}

// The source and grade of the first run; they are the same for all.
std::string how(const std::vector<SubjectRun>& all) {
  for (const SubjectRun& c : all) {
    if (!c.failure.empty()) continue;
    return fmt::format("{}   required: {}", printable(c.run.source),
                       to_string(c.run.required));
  }
  return "nothing ran";
}

std::string outcome(const SubjectRun& c) {
  return c.failure.empty() ? to_string(summarize(c.run))
                           : "did not start: " + printable(c.failure);
}

constexpr std::string_view kLegendOfMatrix =
    "the worst grade, the worst eta, and failed/run cases; ~N are beyond";

}  // namespace

std::string matrix_text(const std::vector<SubjectRun>& all) {
  std::vector<Lines> tables;
  std::vector<std::size_t> widths;
  for (const auto& [operation, block] : blocks(all)) {
    tables.push_back(table(all, operation, block));
    widths.resize(std::max(widths.size(), tables.back().front().size()));
    for (const auto& line : tables.back()) {
      for (std::size_t i = 0; i < line.size(); ++i) {
        widths[i] = std::max(widths[i], line[i].size());
      }
    }
  }
  std::string text = fmt::format("{} subjects   {}\n{}\n\n", all.size(),
                                 how(all), kLegendOfMatrix);
  for (const Lines& lines : tables) {
    for (const auto& line : lines) {
      std::string row;
      for (std::size_t i = 0; i < line.size(); ++i) {
        row += fmt::format("{:<{}}  ", line[i], widths[i]);
      }
      text += row.substr(0, row.find_last_not_of(' ') + 1) + '\n';
    }
    text += '\n';
  }
  std::string cards;
  for (const SubjectRun& c : all) {
    if (!c.run.card) continue;
    cards += fmt::format("{}: {}", printable(c.name), conventions(c.run));
  }
  if (!cards.empty()) text += cards + '\n';
  std::string of_runs;
  for (const SubjectRun& c : all) {
    const std::string lines = differing_text(c.run) +
                              disagreements_text(c.run) +
                              failed_roundings_text(c.run);
    if (!lines.empty()) {
      of_runs += fmt::format("{}:\n{}", printable(c.name), lines);
    }
  }
  if (!of_runs.empty()) text += of_runs + '\n';
  for (const SubjectRun& c : all) {
    text += fmt::format("{}: {}\n", printable(c.name), outcome(c));
  }
  return text;
}

namespace {

Json row_json(const std::string& subject, const TableRow& row) {
  const std::int64_t decided = row.ulps.decided();
  Json json = {{"operation", to_string(row.operation)},
               {"dtype", format(row.dtype).name},
               {"subject", subject}};
  json.update(summary_json(row.summary));
  json["values"] = decided;
  json["correct_values"] = decided == 0 ? 0 : row.ulps.off[0];
  json["max_ulp"] = row.judged ? json_number(row.max_ulp) : Json(nullptr);
  json["max_eta"] = row.judged ? json_number(row.max_eta) : Json(nullptr);
  json["grade"] = row.judged ? Json(to_string(row.grade)) : Json(nullptr);
  return json;
}

}  // namespace

std::string matrix_json(const std::vector<SubjectRun>& all) {
  Json matrix = Json::array();
  for (const auto& [operation, block] : blocks(all)) {
    for (const auto& [subject, of_dtype] : block.of_subject) {
      for (const auto& [dtype, row] : of_dtype) {
        matrix.push_back(row_json(all[subject].name, row));
      }
    }
  }
  Json reports = Json::array();
  Json failures = Json::array();
  for (const SubjectRun& c : all) {
    if (c.failure.empty()) {
      reports.push_back(Json::parse(json_report(c.run)));
    } else {
      failures.push_back({{"subject", c.name}, {"why", c.failure}});
    }
  }
  const Json json = {{"schema", "exactbn/matrix/1"},
                     {"matrix", matrix},
                     {"reports", reports},
                     {"did_not_start", failures}};
  return report_text(json);
}

int exit_code(const std::vector<SubjectRun>& all) {
  // A subject may support nothing that the others are asked.
  const std::vector<int> serious = {2, 0, 4, 1, 3};
  const auto rank = [&](int code) {
    return std::find(serious.begin(), serious.end(), code) - serious.begin();
  };
  int worst = 2;
  for (const SubjectRun& c : all) {
    const int code = c.failure.empty() ? exit_code(summarize(c.run)) : 3;
    if (rank(code) > rank(worst)) worst = code;
  }
  return worst;
}

}  // namespace exactbn
