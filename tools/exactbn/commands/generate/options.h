// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "golden/suite/builder.h"
#include "tools/exactbn/options.h"

namespace exactbn {

// Which known answers, and in what form.
struct GenerateOptions {
  std::string out;  // a folder
  std::string format = "json";
  std::string convention;  // the framework in whose words; none if empty
  Selection selection;
  std::vector<std::string> operations;  // all unless given
  // An ordinary problem of this shape, instead of a suite.
  Shape shape;
  int channel_axis = 1;
  double epsilon = kEpsilon;
};

}  // namespace exactbn
