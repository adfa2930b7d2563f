// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "oracles/explain.h"
#include "oracles/mismatch/text.h"
#include "oracles/wire.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/baseline_text.h"
#include "tools/exactbn/report/card.h"
#include "tools/exactbn/report/failure_text.h"
#include "tools/exactbn/report/json_parts.h"
#include "tools/exactbn/report/smallest.h"
#include "tools/exactbn/run/accumulation.h"
#include "tools/exactbn/run/conventions.h"
#include "tools/exactbn/run/roundings.h"

namespace exactbn {

namespace {

Json histograms(const std::map<DType, UlpHistogram>& of_format) {
  Json json = Json::object();
  for (const auto& [dtype, ulps] : of_format) {
    json[std::string(format(dtype).name)] = {{"values", ulps.off},
                                             {"unlike", ulps.unlike},
                                             {"undecided", ulps.undecided}};
  }
  return json;
}

// By output, then by format, with the words of the declaration.
std::map<Output, Json> roundings_json(const Run& run) {
  std::map<Output, Json> all;
  for (const auto& [key, r] : roundings(run)) {
    const RoundingTally& t = r.tally;
    const auto values = static_cast<double>(t.values);
    const auto [output, dtype] = key;
    std::string direction = rounding_text(t);
    std::replace(direction.begin(), direction.end(), ' ', '_');
    all[output][std::string(format(dtype).name)] = {
        {"direction", direction},
        {"failed", r.failed},
        {"values", t.values},
        {"mean_ulp", json_number(t.error / values)},
        {"mean_ulp_of_magnitude", json_number(t.growth / values)},
        {"clear", t.clear},
        {"evident", t.evident},
        {"channels", t.channels}};
  }
  return all;
}

Json outputs(const Run& run) {
  struct Worst {
    double ulp = 0;
    double eta = 0;
    Grade grade = Grade::correct;
    std::map<DType, UlpHistogram> ulps;  // by the format of the answers
  };
  std::map<Output, Worst> worst;
  for (const CaseRun& c : run.cases) {
    for (std::size_t i = 0; i < c.verdict.outputs.size(); ++i) {
      const OutputVerdict& out = c.verdict.outputs[i];
      Worst& w = worst[out.output];
      w.ulp = std::max(w.ulp, out.max_ulp);
      w.eta = std::max(w.eta, out.max_eta);
      w.grade = std::max(w.grade, out.grade);
      w.ulps[out.dtype] += c.ulps[i].expanded();
    }
  }
  Json json = Json::object();
  std::map<Output, Json> rounded = roundings_json(run);
  for (const auto& [output, w] : worst) {
    json[std::string(to_string(output))] = {
        {"max_ulp", json_number(w.ulp)},
        {"max_eta", json_number(w.eta)},
        {"grade", to_string(w.grade)},
        {"ulp_histogram", histograms(w.ulps)}};
    if (const auto found = rounded.find(output); found != rounded.end()) {
      json[std::string(to_string(output))]["rounding"] = found->second;
    }
  }
  return json;
}

// The defects that explain the failures, with the ids of the cases.
Json diagnosis(const Run& run) {
  const auto ids = [&](const std::vector<std::size_t>& places) {
    Json cases = Json::array();
    for (const std::size_t i : places)
      cases.push_back(run.cases[i].question->id);
    return cases;
  };
  const auto described = [&](const DefectExplanation& explanation) {
    Json names = Json::array();
    for (const Defect* defect : explanation.defects)
      names.push_back(defect->name);
    return Json({{"defects", names},
                 {"what", explanation_what(explanation)},
                 {"thread", explanation.defects.front()->thread},
                 {"bit_for_bit", explanation.exact},
                 {"cases", ids(explanation.explained)}});
  };
  Json explanations = Json::array();
  for (const DefectExplanation& explanation : run.diagnosis.explanations) {
    explanations.push_back(described(explanation));
  }
  Json resembling = Json::array();
  for (const Resemblance& r : run.diagnosis.resembling) {
    Json json = described(r.here);
    json["outputs"] = Json::array();
    for (const Output output : r.outputs) {
      json["outputs"].push_back(to_string(output));
    }
    json["elsewhere_not"] = ids(r.elsewhere);
    json["fail_otherwise"] = r.here.missed;
    json["only_where"] = text_or_null(r.only_where);
    resembling.push_back(json);
  }
  Json facts = Json::array();
  for (const Dependence& d : run.dependences) {
    Json outputs = Json::array();
    for (const Output output : d.outputs) outputs.push_back(to_string(output));
    facts.push_back({{"operation", to_string(d.operation)},
                     {"outputs", outputs},
                     {"what", d.what},
                     {"case", d.example}});
  }
  Json formulas = Json::array();
  for (const WrongFormula& f : run.formulas) {
    Json outputs = Json::array();
    for (const Output output : f.outputs) {
      outputs.push_back(to_string(output));
    }
    formulas.push_back({{"operation", to_string(f.operation)},
                        {"outputs", outputs},
                        {"what", f.what},
                        {"only_at", text_or_null(f.only_at)},
                        {"cases", ids(f.explained)},
                        {"fail_otherwise", ids(f.missed)},
                        {"elsewhere_not", ids(f.elsewhere)},
                        {"only_where", text_or_null(f.only_where)}});
  }
  return {{"culprits", explanations},
          {"unexplained", ids(run.diagnosis.unexplained)},
          {"resembling", resembling},
          {"facts", facts},
          {"formulas", formulas}};
}

Json failure(const Run& run, const CaseRun& c) {
  Json json = {{"case", c.question->id}};
  const CaseVerdict& verdict = c.as_declared ? *c.as_declared : c.verdict;
  const OutputVerdict* out = shown_output(verdict);
  std::string diagnosis = verdict.reason;
  Explanation why;
  if (out) {
    const Finding& worst = out->worst;
    json["output"] = to_string(out->output);
    json["index"] = worst.index;
    json["got"] = to_hex(worst.got, out->dtype);
    json["want"] = to_hex(worst.judgement.want, out->dtype);
    json["ulp"] = json_number(worst.judgement.ulp);
    json["eta"] = json_number(worst.judgement.eta);
    if (!c.as_declared) why = explain_case(run, c);
    diagnosis = c.as_declared ? other_conventions(run).front()
                              : looks_like(run, c, why);
  } else {
    for (const char* key : {"output", "index", "got", "want", "ulp", "eta"}) {
      json[key] = nullptr;
    }
  }
  json["diagnosis"] = text_or_null(diagnosis);
  const Resemblance* here = resemblance_of(run, c);
  json["diagnosis_here"] = here ? Json(explanation_what(here->here)) : Json();
  json["first"] = text_or_null(why.first);
  json["scope"] = text_or_null(why.scope);
  json["pattern"] = text_or_null(why.pattern);
  json["differs_between_runs"] = c.differs;
  json["reproduce"] = again(run, c);
  if (run.baseline) {
    json["known"] = c.known;
    json["news"] = c.news;
  }
  return json;
}

// The smallest failures: cases in the wire format, with their answers.
Json smallest(const Run& run) {
  Json all = Json::array();
  for (const SmallestFailure& s : run.smallest) {
    const Case c = case_of(s);
    all.push_back({{"from", s.from},
                   {"output", to_string(s.output)},
                   {"evaluations", s.evaluations},
                   {"case", Json::parse(write_case(c))},
                   {"answer", Json::parse(write_answer(c.id, s.answer))}});
  }
  return all;
}

// The outcome of every case and of its outputs: the worst value of each, and
// kappa of the channel of that value.
Json cases(const Run& run) {
  Json all = Json::array();
  for (const CaseRun& c : run.cases) {
    const Problem& problem = c.question->problem;
    Json outputs = Json::object();
    for (std::size_t i = 0; i < c.verdict.outputs.size(); ++i) {
      const OutputVerdict& out = c.verdict.outputs[i];
      Json& json = outputs[std::string(to_string(out.output))];
      json = {{"verdict", to_string(out.verdict)},
              {"grade", nullptr},
              {"ulp", nullptr},
              {"eta", nullptr},
              {"kappa", nullptr}};
      if (c.ulps[i].decided() == 0) continue;
      json["grade"] = to_string(out.grade);
      json["ulp"] = json_number(out.max_ulp);
      json["eta"] = json_number(out.max_eta);
      json["kappa"] = json_number(c.kappas[i]);
    }
    all.push_back({{"case", c.question->id},
                   {"operation", to_string(problem.operation)},
                   {"dtype", format(problem.x().dtype()).name},
                   {"m", problem.view().count()},
                   {"verdict", to_string(outcome(c))},
                   {"why", text_or_null(why(c))},
                   {"outputs", outputs}});
  }
  return all;
}

// Null if the declared accumulation is not short.
Json short_accumulation(const Run& run) {
  const std::string text = accumulation_text(run);
  if (text.empty()) return nullptr;
  return {{"format", format(*run.declaration.accumulation).name},
          {"counts", run.declaration.allows_short_accumulation},
          {"text", text}};
}

}  // namespace

std::string json_report(const Run& run) {
  Json failures = Json::array();
  for (const CaseRun& c : run.cases) {
    if (outcome(c) == Verdict::failed) {
      failures.push_back(failure(run, c));
    }
  }
  Json json = {{"schema", "exactbn/report/1"},
               {"subject", run.declaration.subject},
               {"seed", run.seed},
               {"required", to_string(run.required)},
               {"environment", environment()},
               {"summary", summary_json(summarize(run))},
               {"ulp_bins", ulp_bins()},
               {"declaration", Json::parse(write_declaration(run.declaration))},
               {"short_accumulation", short_accumulation(run)},
               {"at_exit", text_or_null(run.at_exit)},
               {"stopped", text_or_null(run.stopped)},
               {"disagreements", disagreements(run)},
               {"outputs", outputs(run)},
               {"diagnosis", diagnosis(run)},
               {"smallest", smallest(run)},
               {"scope", scope(run)},
               {"differs_between_runs", differing_cases(run)},
               {"failures", failures},
               {"cases", cases(run)}};
  if (run.baseline) {
    json["baseline"] = baseline_json(*run.baseline, baseline_counts(run));
  }
  if (run.card) json["card"] = card_json(*run.card);
  return report_text(json);
}

}  // namespace exactbn
