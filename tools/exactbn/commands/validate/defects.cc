// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/validate/defects.h"

#include <fmt/format.h>

#include <algorithm>

#include "oracles/diagnose/exposure.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/print.h"
#include "tools/exactbn/report/json_parts.h"
#include "tools/exactbn/report/write_file.h"

namespace exactbn {

namespace {

// One case is not enough: a slightly different defect might pass it.
constexpr std::size_t kEnough = 2;

std::vector<std::string> ids(const std::vector<Case>& cases,
                             const std::vector<std::size_t>& places) {
  std::vector<std::string> all;
  all.reserve(places.size());
  for (const std::size_t i : places) all.push_back(cases[i].id);
  return all;
}

std::vector<std::string> named(const Diagnosis& diagnosis) {
  std::vector<std::string> names;
  for (const DefectExplanation& explanation : diagnosis.explanations) {
    for (const Defect* defect : explanation.defects) {
      names.emplace_back(defect->name);
    }
  }
  return names;
}

bool survives(const Exposure& exposure) {
  return exposure.failed.size() < kEnough;
}

std::string json_matrix(std::span<const Defect> all,
                        const std::vector<Case>& cases,
                        const std::vector<Exposure>& exposures) {
  Json rows = Json::array();
  for (std::size_t d = 0; d < all.size(); ++d) {
    rows.push_back({{"name", all[d].name},
                    {"family", all[d].family},
                    {"thread", all[d].thread},
                    {"killed_by", ids(cases, exposures[d].failed)},
                    {"survived", survives(exposures[d])},
                    {"diagnosed_as", named(exposures[d].diagnosis)}});
  }
  const Json json = {{"schema", "exactbn/defects/1"}, {"defects", rows}};
  return report_text(json);
}

// "itself", and the number of defects that these cases do not distinguish from
// it.
std::string diagnosed_as(const Defect& defect, const Diagnosis& diagnosis) {
  const std::vector<std::string> names = named(diagnosis);
  if (names.empty()) return "-";
  const bool itself =
      std::find(names.begin(), names.end(), defect.name) != names.end();
  std::string name = itself ? "itself" : names.front();
  if (names.size() == 1) return name;
  return fmt::format("{} +{}", name, names.size() - 1);
}

void print_row(const Defect& defect, const std::vector<Case>& cases,
               const Exposure& exposure) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, exposure.failed.size()); ++i) {
    text += ' ' + cases[exposure.failed[i]].id;
  }
  if (exposure.failed.size() > kShown) text += " ...";
  print("{:<34} {:>5}  {:<12}{}{}\n", defect.name, exposure.failed.size(),
        diagnosed_as(defect, exposure.diagnosis),
        survives(exposure) ? " SURVIVES" : "", text);
}

}  // namespace

int validate_defects(const Selection& selection, const std::string& json_file) {
  const std::span<const Defect> all = defects();
  const std::vector<Case> cases = select_cases(selection);
  const std::vector<Exposure> exposures = expose_defects(cases);
  if (!json_file.empty()) {
    write_file(json_file, json_matrix(all, cases, exposures));
  }
  print("{:<34} {:>5}  {:<12} {}\n", "defect", "cases", "diagnosis",
        "the first of them");
  for (std::size_t d = 0; d < all.size(); ++d) {
    print_row(all[d], cases, exposures[d]);
  }
  const auto survivors = static_cast<std::size_t>(
      std::count_if(exposures.begin(), exposures.end(), survives));
  print("\n{} of {} defects killed, by {} cases or more each\n",
        all.size() - survivors, all.size(), kEnough);
  return survivors == 0 ? 0 : 1;
}

}  // namespace exactbn
