// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/exactbn/run.h"

namespace exactbn {

// All cases of an operation and a format: a row of the table.
struct TableRow {
  Operation operation = Operation::forward_training;
  DType dtype = DType::f64;
  Summary summary;
  // The worst of the values that were decided.
  double max_ulp = 0;
  double max_eta = 0;
  Grade grade = Grade::correct;
  bool judged = false;  // whether there is any
  UlpHistogram ulps;
};

std::vector<TableRow> rows(const Run& run);

// The errors of all values of an output that came in a format.
std::map<std::pair<Output, DType>, UlpHistogram> ulps_by_output(const Run& run);

// How many of the values that were decided are correctly rounded: 99.9%. Never
// rounded up, so that 100% is all of them.
std::string correct_share(const TableRow& row);

}  // namespace exactbn
