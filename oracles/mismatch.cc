// SPDX-License-Identifier: Apache-2.0
#include "oracles/mismatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "oracles/format_names.h"
#include "oracles/mismatch/lines.h"
#include "oracles/mismatch/text.h"
#include "oracles/momentum.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// Why an output cannot be judged.
std::string why_unfit(const Problem& problem, Output name,
                      const Tensor& tensor) {
  const OutputNames names = output_names(problem);
  if (!names.contains(name)) {
    return fmt::format("{} has no output {}; it has {}",
                       to_string(problem.operation), name,
                       fmt::join(names, ", "));
  }
  const Shape shape = shape_of(problem, name);
  if (tensor.shape() == shape) return {};
  return fmt::format("{} has shape {}; expected {}", name,
                     to_string(tensor.shape()), to_string(shape));
}

// Also offers every output present, so that it is judged.
Declaration with_offered(Declaration declaration, const Problem& problem,
                         const OutputTensors& outputs) {
  const auto offered = declaration.outputs.find(problem.operation);
  if (offered == declaration.outputs.end()) return declaration;
  for (const auto& [name, tensor] : outputs) offered->second.push_back(name);
  return declaration;
}

// Above this size, evaluating every known defect would take longer than a test
// may.
constexpr std::int64_t kMostDiagnosed = std::int64_t{1} << 14;

// The known defect that explains the answer, or else what overflowed.
std::string cause_text(const Case& c, const Declaration& declaration,
                       const CaseVerdict& verdict, const Answer& answer,
                       const Explanation& why) {
  Diagnosis diagnosis;
  if (c.problem.x().size() <= kMostDiagnosed) {
    const Observed observed = {&c, {&answer}, {}, is_unstable(verdict)};
    diagnosis = diagnose({&observed, 1}, declaration);
  }
  if (diagnosis.explanations.empty()) {
    return text_lines("looks like", why.looks_like);
  }
  const DefectExplanation& explanation = diagnosis.explanations.front();
  return text_lines("looks like", explanation_what(explanation)) +
         text_lines("", explanation_names(explanation));
}

}  // namespace

Mismatch mismatch(const Problem& given, const OutputTensors& outputs,
                  const Declaration& declared, Grade required) {
  const StandardEnvironment environment;
  require_valid(given);
  const std::optional<Problem> read = as_read(given, declared);
  if (!read) throw std::invalid_argument("momentum: no f64 is 1 - momentum");
  const Problem& problem = *read;
  for (const auto& [name, tensor] : outputs) {
    const std::string why = why_unfit(problem, name, tensor);
    if (!why.empty()) return {Verdict::failed, text_lines("what", why)};
  }
  const Declaration declaration = with_offered(declared, problem, outputs);
  const Case c = {{}, problem, {}};
  const Answer answer = {Answer::Kind::outputs, {}, outputs};
  const CaseVerdict verdict = check(c, declaration, answer, required);
  if (verdict.verdict == Verdict::passed) return {};
  std::string text;
  if (const OutputVerdict* shown = shown_output(verdict)) {
    const Explanation why = explain(c, declaration, verdict, &answer, required);
    text = mismatch_text(problem, *shown, why, required) +
           cause_text(c, declaration, verdict, answer, why);
  }
  for (const OutputVerdict& out : verdict.outputs) {
    if (out.verdict != Verdict::undecided) continue;
    text += text_lines(
        "what",
        fmt::format("{} is undecided: too ill-conditioned for any bound",
                    out.output));
  }
  text += text_lines(
      "note", short_accumulation_text(declaration, {problem.x().dtype()}));
  return {verdict.verdict, text_lines("what", verdict.reason) + text};
}

std::string outline(const Problem& problem) {
  return fmt::format("{} {}   {}", to_string(problem.operation),
                     format(problem.x().dtype()).name, layout_text(problem));
}

}  // namespace exactbn
