// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "golden/vector.h"

namespace exactbn {

// The version that wrote a file, and the command that writes it again.
struct Generator {
  std::string version;
  std::string command;
  // The framework whose convention the file also has; empty if none.
  std::string convention{};

  bool operator==(const Generator&) const = default;
};

// What a file says about a label.
struct LabelText {
  std::string exposes;
  std::string severity;
  std::vector<std::string> threads;

  bool operator==(const LabelText&) const = default;
};

// A file of vectors of one operation and one format of x. golden/README.md
// documents it, field by field.
struct VectorFile {
  Operation operation = Operation::forward_training;
  DType dtype = DType::f64;
  Generator generator;
  std::map<std::string, std::string, std::less<>> semantics;
  std::map<std::string, LabelText, std::less<>> labels;
  std::int64_t number_of_cases = 0;
  std::vector<Vector> cases;
};

// Fills all other fields from the cases.
VectorFile vector_file(Operation operation, DType dtype, Generator generator,
                       std::vector<Vector> cases);

// A file for each operation and format of x in the cases.
std::vector<VectorFile> vector_files(const std::vector<Vector>& cases,
                                     const Generator& generator);

// forward_training-f32.json
std::string file_name(const VectorFile& file);

// One JSON object, one line per case. The same file gives the same text.
std::string write_vectors(const VectorFile& file);

// Refuses unknown and missing fields, wrong types and lengths, with a WireError
// that names case and field. Does not check that the answers are right; prove()
// does.
VectorFile read_vectors(std::string_view text);

// The first difference: "expected.y.bits[3]: 3f800000, proved 3f800001"; empty
// if they are equal.
std::string difference(const Vector& given, const Vector& proved);

}  // namespace exactbn
