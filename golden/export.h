// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "golden/corpus.h"
#include "golden/vector/file.h"
#include "golden/vector/manifest.h"

namespace exactbn {

// Known answers in a format. The same files for the same vectors.
struct Exporter {
  std::string_view name;
  std::string_view what;
  std::vector<OutputFile> (*write)(const std::vector<Vector>& vectors,
                                   const Generator& generator);
  // The only convention that the format is in; empty where any will do.
  std::string_view convention{};
  // Why the format cannot hold a question, or empty. Null: it holds all.
  std::string (*why_not)(const Problem& problem) = nullptr;
};

// All formats.
std::span<const Exporter> exporters();

// A file of golden/README.md's format for each operation and format of x.
std::vector<OutputFile> export_json(const std::vector<Vector>& vectors,
                                    const Generator& generator);
// cases.jsonl and answers.jsonl, in the wire format; questions that must be
// refused are not in it. `momentum` is the weight of the new statistic in any
// convention; where the running variance is biased, the answers declare it.
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

// A folder a case as the backend tests of ONNX are: model.onnx, with a node of
// BatchNormalization-15, and tensors in test_data_set_0. The generator's
// convention is onnx, and no question one that why_not_onnx is against.
std::vector<OutputFile> export_onnx(const std::vector<Vector>& vectors,
                                    const Generator& generator);
std::string why_not_onnx(const Problem& problem);

// The answers to all questions, in parallel.
std::vector<Vector> prove_each(const std::vector<CommentedCase>& questions);

}  // namespace exactbn
