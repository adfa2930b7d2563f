// SPDX-License-Identifier: Apache-2.0
#include "golden/export.h"

#include <array>

#include "golden/vector/prove.h"

namespace exactbn {

std::span<const Exporter> exporters() {
  static constexpr std::array kExporters = {
      Exporter{"json", "cases and everything that is known of the answers",
               export_json},
      Exporter{"jsonl", "cases and correct answers in the wire format",
               export_jsonl},
      Exporter{"npz", "the same as json, as numpy arrays", export_npz},
      Exporter{"safetensors", "the same as json, as named tensors",
               export_safetensors},
      Exporter{"c", "the same as json, as C99 headers of bit patterns",
               export_c},
      Exporter{"onnx", "folders of models and tensors, as ONNX backend tests",
               export_onnx, "onnx", why_not_onnx},
  };
  return kExporters;
}

std::vector<Vector> prove_each(const std::vector<CommentedCase>& questions) {
  std::vector<Vector> vectors(questions.size());
#pragma omp parallel for schedule(dynamic)
  for (std::size_t i = 0; i < questions.size(); ++i) {
    vectors[i] = prove(questions[i].question, questions[i].comment);
  }
  return vectors;
}

}  // namespace exactbn
