// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "golden/corpus.h"
#include "golden/vector_file.h"

namespace exactbn {

// A file of an export, by its name in the folder.
struct OutputFile {
  std::string name;
  std::string text;
};

// Known answers in a format. The same files for the same vectors.
struct Exporter {
  std::string_view name;
  std::string_view what;
  std::vector<OutputFile> (*write)(const std::vector<Vector>& vectors,
                                   const Generator& generator);
};

// All formats.
std::span<const Exporter> exporters();

// A file of golden/README.md's format for each operation and format of x.
std::vector<OutputFile> export_json(const std::vector<Vector>& vectors,
                                    const Generator& generator);
// cases.jsonl and answers.jsonl, in the wire format; questions that must be
// refused are not in it.
std::vector<OutputFile> export_jsonl(const std::vector<Vector>& vectors,
                                     const Generator& generator);

// Arrays of numpy and of safetensors, and a header of C99 with bit patterns, a
// file for each operation and format of x: of the same content as the JSON. The
// first throws std::length_error where a file does not fit into a ZIP archive.
std::vector<OutputFile> export_npz(const std::vector<Vector>& vectors,
                                   const Generator& generator);
std::vector<OutputFile> export_safetensors(const std::vector<Vector>& vectors,
                                           const Generator& generator);
std::vector<OutputFile> export_c(const std::vector<Vector>& vectors,
                                 const Generator& generator);

// The answers to all questions, in parallel.
std::vector<Vector> prove_each(const std::vector<CommentedCase>& questions);

}  // namespace exactbn
