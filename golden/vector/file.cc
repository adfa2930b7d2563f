// SPDX-License-Identifier: Apache-2.0
#include "golden/vector/file.h"

#include "golden/suite/labels.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

std::map<std::string, std::string, std::less<>> semantics(DType x) {
  return {
      {"variance", "mean squared deviation of the m values, divided by m"},
      {"epsilon", "added to the variance, inside the square root"},
      {"momentum", "weight of the new statistic"},
      {"running_variance", "takes the variance times m / (m - 1)"},
      {"rounding", "to nearest, ties to even"},
      {"subnormals", "kept"},
      {"residual", "2^-64 ulp, toward zero"},
      {"working_format", x == DType::f64 ? "f64" : "f32"},
  };
}

}  // namespace

VectorFile vector_file(Operation operation, DType dtype, Generator generator,
                       std::vector<Vector> cases) {
  const StandardEnvironment environment;
  VectorFile file;
  file.operation = operation;
  file.dtype = dtype;
  file.generator = std::move(generator);
  file.semantics = semantics(dtype);
  file.number_of_cases = std::ssize(cases);
  file.cases = std::move(cases);
  for (const Vector& vector : file.cases) {
    for (const std::string& name : vector.question.labels) {
      if (const auto label = find_label(name)) {
        file.labels[name] = {std::string(label->exposes),
                             std::string(to_string(label->severity)),
                             threads(*label)};
      }
    }
  }
  return file;
}

std::vector<VectorFile> vector_files(const std::vector<Vector>& cases,
                                     const Generator& generator) {
  std::map<std::pair<Operation, DType>, std::vector<Vector>> groups;
  for (const Vector& vector : cases) {
    const Problem& problem = vector.question.problem;
    groups[{problem.operation, problem.x().dtype()}].push_back(vector);
  }
  std::vector<VectorFile> files;
  files.reserve(groups.size());
  for (auto& [key, group] : groups) {
    files.push_back(
        vector_file(key.first, key.second, generator, std::move(group)));
  }
  return files;
}

std::string file_name(const VectorFile& file) {
  return std::string(to_string(file.operation)) + '-' +
         std::string(format(file.dtype).name) + ".json";
}

}  // namespace exactbn
