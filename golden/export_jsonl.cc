// SPDX-License-Identifier: Apache-2.0
#include "golden/export.h"
#include "oracles/wire.h"

namespace exactbn {

std::vector<OutputFile> export_jsonl(const std::vector<Vector>& vectors,
                                     const Generator& /*generator*/) {
  OutputFile cases = {"cases.jsonl", {}};
  OutputFile answers = {"answers.jsonl", {}};
  for (const Vector& vector : vectors) {
    if (!vector.expected.reject.empty()) continue;
    Answer answer;
    for (const auto& [name, output] : vector.expected.outputs) {
      answer.outputs.emplace(name, output.values);
    }
    cases.text += write_case(vector.question) + '\n';
    answers.text += write_answer(vector.question.id, answer) + '\n';
  }
  return {std::move(cases), std::move(answers)};
}

}  // namespace exactbn
