// SPDX-License-Identifier: Apache-2.0
#include "golden/export.h"
#include "golden/vector/dialect.h"
#include "oracles/wire.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

std::vector<OutputFile> export_jsonl(const std::vector<Vector>& vectors,
                                     const Generator& generator) {
  const StandardEnvironment environment;
  OutputFile cases = {"cases.jsonl", {}};
  OutputFile answers = {"answers.jsonl", {}};
  const auto convention = find_dialect(generator.convention);
  const bool biased =
      convention && convention->running_var == VarianceDivisor::m;
  if (biased) {
    Declaration declaration;
    declaration.subject = "exact, in the convention of " + generator.convention;
    declaration.running_variance = RunningVariance::biased;
    answers.text += write_declaration(declaration) + '\n';
  }
  for (const Vector& vector : vectors) {
    if (!vector.expected.reject.empty()) continue;
    Answer answer;
    for (const auto& [name, output] : vector.expected.outputs) {
      answer.outputs.emplace(name, output.values);
    }
    const auto converted =
        convention ? dialect(vector, *convention) : std::nullopt;
    if (converted) {
      for (const auto& [name, output] : converted->outputs) {
        answer.outputs.at(name) = output.values;
      }
    }
    cases.text += write_case(vector.question) + '\n';
    answers.text += write_answer(vector.question.id, answer) + '\n';
  }
  return {std::move(cases), std::move(answers)};
}

}  // namespace exactbn
