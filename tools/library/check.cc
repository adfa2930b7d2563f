// SPDX-License-Identifier: Apache-2.0
#include "oracles/check.h"

#include <fmt/format.h>

#include <utility>

#include "oracles/explain.h"
#include "oracles/printable.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/failure_text.h"
#include "tools/exactbn/report/json_parts.h"
#include "tools/exactbn/run.h"
#include "tools/library/array.h"
#include "tools/library/entry.h"
#include "tools/library/question.h"

namespace exactbn {

namespace {

OutputTensors outputs_of(const Problem& problem, std::size_t count,
                         const exactbn_array* arrays) {
  if (count == 0) throw InvalidArgument("outputs: none, expected at least one");
  require_given(arrays, "outputs");
  OutputTensors outputs;
  for (std::size_t i = 0; i < count; ++i) {
    const Output name =
        output_of(problem, arrays[i].name, fmt::format("outputs[{}].name", i));
    require_shape(arrays[i], shape_of(problem, name));
    if (!outputs.emplace(name, tensor_of(arrays[i])).second) {
      throw InvalidArgument(fmt::format("outputs[{}].name: {} is given twice",
                                        i, to_string(name)));
    }
  }
  return outputs;
}

exactbn_output_verdict as_c(const OutputVerdict& out) {
  const Finding& worst = out.worst;
  // Without a decided value there is no worst one.
  const bool any =
      worst != Finding() || (out.undecided_values == 0 && out.beyond.empty());
  return {to_string(out.output).data(),
          format(out.dtype).name.data(),
          to_string(out.verdict).data(),
          to_string(out.grade).data(),
          out.max_ulp,
          out.max_eta,
          out.limit,
          out.failed_values,
          out.undecided_values,
          any ? worst.index : -1,
          worst.got,
          worst.judgement.want,
          worst.judgement.ulp,
          worst.judgement.eta};
}

// Above this size, evaluating every known defect would take longer than a test
// may. (A wrong formula is sought from few values.)
constexpr std::int64_t kMostDiagnosed = std::int64_t{1} << 14;

void diagnose_one(Run& run) {
  if (run.cases[0].question->problem.x().size() <= kMostDiagnosed) {
    diagnose(run);
  } else {
    run.formulas = wrong_formulas(observed(run), run.declaration);
  }
}

// What the program's report says of a case that did not pass.
std::string text_of(const Case& c, CaseVerdict verdict, Answer answer,
                    const JudgingBy& by) {
  Run run;
  run.declaration = by.declaration;
  run.required = by.required;
  CaseRun one;
  one.question = &c;
  one.verdict = std::move(verdict);
  one.answers.push_back(std::move(answer));
  run.cases.push_back(std::move(one));
  const CaseRun& only = run.cases[0];
  const Verdict of_case = only.verdict.verdict;
  if (of_case == Verdict::failed) {
    diagnose_one(run);
    return failure_text(run, only);
  }
  return fmt::format("{} {}\n", to_string(of_case), printable(why(only)));
}

Json json_of(const exactbn_result& result) {
  Json outputs = Json::object();
  for (const exactbn_output_verdict& out : result.outputs) {
    const DType dtype = *parse_dtype(out.dtype);
    const bool any = out.index >= 0;
    outputs[out.output] = {
        {"verdict", out.verdict},
        {"dtype", out.dtype},
        {"grade", out.grade},
        {"max_ulp", json_number(out.max_ulp)},
        {"max_eta", json_number(out.max_eta)},
        {"limit", json_number(out.limit)},
        {"failed_values", out.failed_values},
        {"undecided_values", out.undecided_values},
        {"index", any ? Json(out.index) : Json()},
        {"got", any ? Json(to_hex(out.got, dtype)) : Json()},
        {"want", any ? Json(to_hex(out.want, dtype)) : Json()},
        {"ulp", any ? json_number(out.ulp) : Json()},
        {"eta", any ? json_number(out.eta) : Json()}};
  }
  return {{"schema", "exactbn/check/1"},
          {"verdict", result.verdict},
          {"reason", text_or_null(result.reason)},
          {"outputs", outputs},
          {"text", result.text}};
}

}  // namespace
}  // namespace exactbn

extern "C" {

exactbn_result* exactbn_check(const exactbn_question* question,
                              size_t output_count, const exactbn_array* outputs,
                              const exactbn_judging* judging) {
  using namespace exactbn;
  return new_result([&](exactbn_result& result) {
    require_given(question, "question");
    JudgingBy by = judging_by(judging);
    Case c = case_of(*question);
    c.problem = as_solved(std::move(c.problem), by.declaration);
    Answer answer = {Answer::Kind::outputs,
                     {},
                     outputs_of(c.problem, output_count, outputs)};
    if (!by.requires_all) {
      auto& offered = by.declaration.outputs[c.problem.operation];
      for (const auto& [name, tensor] : answer.outputs) offered.push_back(name);
    }
    CaseVerdict verdict = check(c, by.declaration, answer, by.required);
    result.verdict = to_string(verdict.verdict).data();
    result.reason = verdict.reason;
    for (const OutputVerdict& out : verdict.outputs) {
      result.outputs.push_back(as_c(out));
    }
    if (verdict.verdict != Verdict::passed) {
      result.text = text_of(c, std::move(verdict), std::move(answer), by);
    }
  });
}

int exactbn_failed(const exactbn_result* result) {
  if (exactbn_code(result) != EXACTBN_OK) return 1;
  const std::string_view verdict = result->verdict;
  return verdict == "failed" || verdict == "missing" || verdict == "undecided";
}

const char* exactbn_verdict(const exactbn_result* result) {
  return result ? result->verdict : "";
}

const char* exactbn_json(const exactbn_result* result) {
  if (!result || *result->verdict == '\0') return "";
  try {
    std::call_once(result->json_once, [result] {
      const exactbn::StandardEnvironment environment;
      result->json = exactbn::report_text(exactbn::json_of(*result));
    });
    return result->json.c_str();
  } catch (const std::exception&) {  // no memory is left
    return "";
  }
}

size_t exactbn_output_count(const exactbn_result* result) {
  return result ? result->outputs.size() : 0;
}

int exactbn_output(const exactbn_result* result, size_t i,
                   exactbn_output_verdict* to) {
  if (!result || !to || i >= result->outputs.size()) return EXACTBN_INVALID;
  *to = result->outputs[i];
  return EXACTBN_OK;
}

}  // extern "C"
