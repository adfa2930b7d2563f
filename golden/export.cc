// SPDX-License-Identifier: Apache-2.0
#include "golden/export.h"

#include <array>

#include "golden/vector/prove.h"
#include "reference/parallel_for.h"

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
  const StandardEnvironment environment;
  std::vector<Vector> vectors(questions.size());
  parallel_for(std::ssize(questions), true, [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    vectors[at] = prove(questions[at].question, questions[at].comment);
  });
  return vectors;
}

}  // namespace exactbn
