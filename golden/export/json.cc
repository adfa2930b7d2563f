// SPDX-License-Identifier: Apache-2.0
#include "golden/export.h"
#include "golden/vector/dialect.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

std::vector<OutputFile> export_json(const std::vector<Vector>& vectors,
                                    const Generator& generator) {
  const StandardEnvironment environment;
  std::vector<OutputFile> files;
  for (VectorFile& file : vector_files(vectors, generator)) {
    if (const auto convention = find_dialect(generator.convention)) {
      for (Vector& vector : file.cases) {
        vector.dialect = dialect(vector, *convention);
      }
    }
    files.push_back({file_name(file), write_vectors(file)});
  }
  return files;
}

}  // namespace exactbn
