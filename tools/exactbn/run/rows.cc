// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace exactbn {

std::vector<TableRow> rows(const Run& run) {
  std::map<std::pair<Operation, DType>, TableRow> groups;
  for (const CaseRun& c : run.cases) {
    const Problem& problem = c.question->problem;
    TableRow& row = groups[{problem.operation, problem.x().dtype()}];
    row.operation = problem.operation;
    row.dtype = problem.x().dtype();
    add(row.summary, c);
    for (const OutputVerdict& out : c.verdict.outputs) {
      row.judged = true;
      row.max_ulp = std::max(row.max_ulp, out.max_ulp);
      row.max_eta = std::max(row.max_eta, out.max_eta);
      row.grade = std::max(row.grade, out.grade);
    }
    for (const CompactHistogram& ulps : c.ulps) row.ulps += ulps.expanded();
  }
  std::vector<TableRow> result;
  result.reserve(groups.size());
  for (const auto& [key, row] : groups) result.push_back(row);
  return result;
}

std::map<std::pair<Output, DType>, UlpHistogram> ulps_by_output(
    const Run& run) {
  std::map<std::pair<Output, DType>, UlpHistogram> all;
  for (const CaseRun& c : run.cases) {
    for (std::size_t i = 0; i < c.verdict.outputs.size(); ++i) {
      const OutputVerdict& out = c.verdict.outputs[i];
      all[{out.output, out.dtype}] += c.ulps[i].expanded();
    }
  }
  return all;
}

std::string correct_share(const TableRow& row) {
  const std::int64_t all = row.ulps.decided();
  if (all == 0) return "-";
  const std::int64_t thousandths = 1000 * row.ulps.off[0] / all;
  return fmt::format("{}.{}%", thousandths / 10, thousandths % 10);
}

}  // namespace exactbn
