// SPDX-License-Identifier: Apache-2.0
#include "golden/export.h"

#include <array>

#include "golden/prove.h"

namespace exactbn {

std::span<const Exporter> exporters() {
  static constexpr std::array kExporters = {
      Exporter{"json", "questions and everything that is known of the answers",
               export_json},
      Exporter{"jsonl", "cases and right answers in the wire format",
               export_jsonl},
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
