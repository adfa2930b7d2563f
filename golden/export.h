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

// Writes vectors in a format. The same vectors give the same files.
struct Exporter {
  std::string_view name;
  std::string_view what;
  std::vector<OutputFile> (*write)(const std::vector<Vector>& vectors,
                                   const Generator& generator);
  // The only convention that the format allows; empty if it allows any.
  std::string_view convention{};
  // Why the format cannot hold a case, or empty. Null: it holds all.
  std::string (*why_not)(const Problem& problem) = nullptr;
};

// All formats.
std::span<const Exporter> exporters();

// A JSON file for each operation and format of x; golden/README.md documents
// it.
std::vector<OutputFile> export_json(const std::vector<Vector>& vectors,
                                    const Generator& generator);
// cases.jsonl and answers.jsonl, in the wire format, without the cases that
// must be refused. `momentum` is the weight of the new statistic in any
// convention; if the running variance is biased, the answers declare it.
std::vector<OutputFile> export_jsonl(const std::vector<Vector>& vectors,
                                     const Generator& generator);

// numpy and safetensors arrays, and a C99 header of bit patterns: a file for
// each operation and format of x, with the same content as the JSON. export_npz
// throws std::length_error if a file does not fit into a ZIP archive.
std::vector<OutputFile> export_npz(const std::vector<Vector>& vectors,
                                   const Generator& generator);
std::vector<OutputFile> export_safetensors(const std::vector<Vector>& vectors,
                                           const Generator& generator);
std::vector<OutputFile> export_c(const std::vector<Vector>& vectors,
                                 const Generator& generator);

// A folder per case, laid out as ONNX backend tests: model.onnx, with one
// BatchNormalization-15 node, and tensors in test_data_set_0. Requires that the
// generator's convention is onnx, and that why_not_onnx is empty for each case.
std::vector<OutputFile> export_onnx(const std::vector<Vector>& vectors,
                                    const Generator& generator);
std::string why_not_onnx(const Problem& problem);

// Proves the answers to all cases, in parallel.
std::vector<Vector> prove_each(const std::vector<CommentedCase>& questions);

}  // namespace exactbn
