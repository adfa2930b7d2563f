// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "oracles/closeness.h"
#include "tools/exactbn/report/json_parts.h"

namespace exactbn {

// What is said of one output of one operation and format of x.
struct ToleranceRow {
  Operation operation;
  DType dtype;  // of x
  Output output;
  OutputCloseness closeness;
};

struct ToleranceReport {
  std::string source;  // "64x64x32x32, x normal with ..., 8 draws, seed 1"
  Grade required = Grade::sequential;
  bool is_class = false;  // of data, of which the values are a sample
  std::vector<ToleranceRow> rows;
};

std::string tolerance_text(const ToleranceReport& report);

// The schema exactbn/tolerance/1.
Json tolerance_json(const ToleranceReport& report);

}  // namespace exactbn
