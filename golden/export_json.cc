// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "golden/export.h"

namespace exactbn {

std::vector<OutputFile> export_json(const std::vector<Vector>& vectors,
                                    const Generator& generator) {
  std::map<std::pair<Operation, DType>, std::vector<Vector>> groups;
  for (const Vector& vector : vectors) {
    const Problem& problem = vector.question.problem;
    groups[{problem.operation, problem.x().dtype()}].push_back(vector);
  }
  std::vector<OutputFile> files;
  for (auto& [key, group] : groups) {
    const VectorFile file =
        vector_file(key.first, key.second, generator, std::move(group));
    files.push_back({file_name(file), write_vectors(file)});
  }
  return files;
}

}  // namespace exactbn
