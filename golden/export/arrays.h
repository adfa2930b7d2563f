// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "golden/export.h"

namespace exactbn {

// A row-major array in a file of named arrays.
struct NamedArray {
  std::string name;
  std::optional<DType> dtype;  // nullopt: letters, a byte each
  Shape shape;                 // empty for a scalar
  std::string bytes;           // little-endian
};

// Vectors of one operation and one format of x: the lists of values as arrays,
// and the rest, which names the arrays, as one JSON object.
struct ArrayFile {
  std::string stem;  // forward_training-f32
  nlohmann::ordered_json metadata;
  std::vector<NamedArray> arrays;
};

// golden/README.md documents the names of the arrays.
std::vector<ArrayFile> array_files(const std::vector<Vector>& vectors,
                                   const Generator& generator);

// k 2^-64 as a double, truncated toward zero.
double in_ulp(const Residual& residual);

}  // namespace exactbn
