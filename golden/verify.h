// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/vector/manifest.h"

namespace exactbn {

// What was proved, and what is wrong, in order.
struct Verification {
  std::int64_t files = 0;
  std::int64_t cases = 0;
  std::int64_t values = 0;
  // "file: case ID: field: given, proved ..."
  std::vector<std::string> wrong;
};

// Proves every value of the .json files again from the inputs, in parallel, and
// checks ids, labels, counts and the manifest of the folder. Throws a WireError
// that names file, case and field if a file does not have the format.
Verification verify(const Folder& folder);

}  // namespace exactbn
