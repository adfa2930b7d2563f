// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "golden/suite/builder.h"
#include "tools/exactbn/options.h"

namespace exactbn {

// Which known answers to write, and how.
struct GenerateOptions {
  std::string out;  // a folder
  std::string format = "json";
  std::string convention;  // a framework; empty: the format's own
  Selection selection;
  std::vector<std::string> operations;  // empty: all
  // An ordinary problem of this shape, instead of a suite.
  Shape shape;
  int channel_axis = 1;
  double epsilon = suite::kEpsilon;
};

}  // namespace exactbn
