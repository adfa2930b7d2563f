// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "golden/export.h"

namespace exactbn {

// A row-major array of a file that holds many by name.
struct NamedArray {
  std::string name;
  std::optional<DType> dtype;  // nothing: letters, a byte each
  Shape shape;                 // of no extents for one number
  std::string bytes;           // little-endian
};

// Known answers of one operation and one format of x, taken apart: the lists of
// values as arrays, and all else, which names them, as one JSON object.
struct ArrayFile {
  std::string stem;  // forward_training-f32
  nlohmann::ordered_json metadata;
  std::vector<NamedArray> arrays;
};

// README.md of this folder says what the arrays are called.
std::vector<ArrayFile> array_files(const std::vector<Vector>& vectors,
                                   const Generator& generator);

// k 2^-64 as a double, cut off toward zero.
double in_ulp(const Residual& residual);

}  // namespace exactbn
