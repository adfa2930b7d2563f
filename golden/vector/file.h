// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "golden/vector.h"

namespace exactbn {

// What wrote a file, and the command that writes it again.
struct Generator {
  std::string version;
  std::string command;
  // The framework in whose words the file is too; empty where in none.
  std::string convention{};

  bool operator==(const Generator&) const = default;
};

// What a file says of a label.
struct LabelText {
  std::string exposes;
  std::string severity;
  std::vector<std::string> threads;

  bool operator==(const LabelText&) const = default;
};

// A file of known answers, all of one operation and one format of x. README.md
// of this folder documents it, field by field.
struct VectorFile {
  Operation operation = Operation::forward_training;
  DType dtype = DType::f64;
  Generator generator;
  std::map<std::string, std::string, std::less<>> semantics;
  std::map<std::string, LabelText, std::less<>> labels;
  std::int64_t number_of_cases = 0;
  std::vector<Vector> cases;
};

// All but the cases is as the cases have it.
VectorFile vector_file(Operation operation, DType dtype, Generator generator,
                       std::vector<Vector> cases);

// A file for each operation and format of x that the cases have.
std::vector<VectorFile> vector_files(const std::vector<Vector>& cases,
                                     const Generator& generator);

// forward_training-f32.json
std::string file_name(const VectorFile& file);

// One JSON object, a case a line. The same text for the same file.
std::string write_vectors(const VectorFile& file);

// Refuses unknown and missing fields, wrong types and lengths, with a WireError
// that names case and field. That the answers are right, prove() says.
VectorFile read_vectors(std::string_view text);

// Where the two first differ, and how: "expected.y.bits[3]: 3f800000, proved
// 3f800001"; empty where they are equal.
std::string difference(const Vector& given, const Vector& proved);

}  // namespace exactbn
