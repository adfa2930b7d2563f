// SPDX-License-Identifier: Apache-2.0
#include "golden/export.h"

namespace exactbn {

std::vector<OutputFile> export_json(const std::vector<Vector>& vectors,
                                    const Generator& generator) {
  std::vector<OutputFile> files;
  for (const VectorFile& file : vector_files(vectors, generator)) {
    files.push_back({file_name(file), write_vectors(file)});
  }
  return files;
}

}  // namespace exactbn
