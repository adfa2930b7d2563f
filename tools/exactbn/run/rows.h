// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// All cases of one operation and format: a row of the table.
struct TableRow {
  Operation operation = Operation::forward_training;
  DType dtype = DType::f64;
  Summary summary;
  // The worst of the decided values.
  double max_ulp = 0;
  double max_eta = 0;
  Grade grade = Grade::correct;
  bool judged = false;  // whether any value was decided
  UlpHistogram ulps;
};

std::vector<TableRow> rows(const Run& run);

// The errors of all values, by output and format of the answer.
std::map<std::pair<Output, DType>, UlpHistogram> ulps_by_output(const Run& run);

// The share of the decided values that are correctly rounded, as 99.9%. Rounded
// down, so that 100% means all of them.
std::string correct_share(const TableRow& row);

}  // namespace exactbn
