// SPDX-License-Identifier: Apache-2.0
#include "oracles/wire.h"
#include "tools/exactbn/report/baseline_text.h"
#include "tools/exactbn/report/counterexample_text.h"
#include "tools/exactbn/report/json_parts.h"
#include "tools/exactbn/report/properties_report.h"

namespace exactbn {

namespace {

Json json_of(const Counterexample& found) {
  const Violation& v = found.violation;
  Json cases = Json::array();
  for (const Case& c : cases_of(found)) {
    cases.push_back(Json::parse(write_case(c)));
  }
  Json json = {{"law", v.law},
               {"case", found.discovery.index},
               {"output", v.output ? to_string(*v.output) : ""},
               {"index", v.index},
               {"found", v.text},
               {"repeats", found.reproduces},
               {"values_before", value_count(found.discovery.problem)},
               {"values", value_count(found.problem)},
               {"attempts", found.evaluations},
               {"cases", std::move(cases)}};
  if (const Law* law = find_law(v.law)) {
    json["statement"] = law->statement;
    json["source"] = law->source;
    json["means"] = law->failure;
  }
  return json;
}

}  // namespace

std::string properties_json(const PropertiesRun& run) {
  const Survey& s = run.survey;
  Json tallies = Json::array();
  for (const Tally& t : s.tallies) {
    tallies.push_back({{"law", t.law},
                       {"held", t.held},
                       {"broken", t.broken},
                       {"undecided", t.undecided},
                       {"beyond", t.beyond},
                       {"not_applicable", t.not_applicable},
                       {"other_bits", t.other_bits}});
  }
  Json found = Json::array();
  for (const Counterexample& c : run.found) found.push_back(json_of(c));
  Json differs = {{"questions", s.differing}, {"of", s.done - s.unsupported}};
  if (s.smallest_differing) {
    differs["case"] = s.smallest_differing->index;
    differs["smallest"] = Json::parse(write_case(differing_case(run)));
  }
  Json report = {
      {"schema", "exactbn/properties/1"},
      {"subject", s.declaration.subject},
      {"version", EXACTBN_VERSION},
      {"seed", run.request.seed},
      {"profile", to_string(run.request.draw.profile)},
      {"first_case", run.request.first},
      {"cases", s.done},
      {"interrupted", s.interrupted},
      {"at_exit", text_or_null(s.at_exit)},
      {"short_accumulation", text_or_null(short_accumulation_text(run))},
      {"summary", summary_json(summarize(s))},
      {"differs", std::move(differs)},
      {"laws", std::move(tallies)},
      {"counterexamples", std::move(found)},
      {"distribution", s.distribution}};
  if (run.baseline) {
    report["baseline"] = baseline_json(*run.baseline, baseline_counts(run));
  }
  return report_text(report);
}

}  // namespace exactbn
