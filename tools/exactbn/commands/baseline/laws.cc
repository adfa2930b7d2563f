// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/baseline/laws.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/exactbn/commands/baseline/json_line.h"
#include "tools/exactbn/report/json_parts.h"

namespace exactbn {

namespace {

// What the cases depend on, besides their number.
std::string cases_of(const Request& request) {
  std::string text = fmt::format("seed {}, profile {}", request.seed,
                                 to_string(request.draw.profile));
  for (const Operation operation : request.draw.operations) {
    text += fmt::format(", {}", to_string(operation));
  }
  for (const DType dtype : request.draw.dtypes) {
    text += fmt::format(", {}", format(dtype).name);
  }
  return text;
}

BrokenLaw read_law(const BaselineFile& file, const NumberedLine& each) {
  JsonLine line(fmt::format("{}:{}: ", file.name, each.number), each.text);
  BrokenLaw law;
  law.law = line.text("law");
  if (law.law != kOracle && law.law != kAnswers && law.law != kDiffers &&
      !find_law(law.law)) {
    line.fail("law", "unknown law '" + law.law + "'");
  }
  const std::string operation = line.text("operation");
  if (const auto known = parse_operation(operation)) {
    law.operation = *known;
  } else {
    line.fail("operation", "unknown operation '" + operation + "'");
  }
  const std::string dtype = line.text("dtype");
  if (const auto known = parse_dtype(dtype)) {
    law.dtype = *known;
  } else {
    line.fail("dtype", "unknown format '" + dtype + "'");
  }
  line.end();
  return law;
}

std::string line_of(const BrokenLaw& law) {
  const Json json = {{"law", law.law},
                     {"operation", to_string(law.operation)},
                     {"dtype", format(law.dtype).name}};
  return json.dump();
}

bool is_asked(const Request& request, const std::string& law) {
  if (law == kAnswers || law == kDiffers) return true;
  if (law == kOracle) return request.oracle;
  return std::any_of(request.laws.begin(), request.laws.end(),
                     [&](const Law* each) { return each->name == law; });
}

}  // namespace

LawBaseline::LawBaseline(const BaselineOptions& options,
                         const Declaration& declaration, const Request& request)
    : options_(options) {
  now_ = {"properties", declaration.subject, request.required,
          declaration.domain, cases_of(request)};
  const BaselineFile file = read_baseline(options_, now_);
  header_ = file.header;
  for (const NumberedLine& line : file.lines) {
    known_.insert(read_law(file, line));
  }
}

bool LawBaseline::has_same_cases(const PropertiesRun& run) const {
  return run.request.first == 0 && header_.cases == now_.cases &&
         run.survey.done >= header_.drawn;
}

bool LawBaseline::is_mended(const BrokenLaw& law,
                            const PropertiesRun& run) const {
  return has_same_cases(run) && is_asked(run.request, law.law) &&
         !run.survey.broken.contains(law);
}

void LawBaseline::compare_with(PropertiesRun& run) const {
  run.baseline = {options_.file, options_.strict, options_.update, {}, {}};
  for (const BrokenLaw& law : known_) {
    if (!is_mended(law, run)) continue;
    run.baseline->mended.push_back(fmt::format("{}: {} {}", law.law,
                                               to_string(law.operation),
                                               format(law.dtype).name));
  }
}

void LawBaseline::update_from(const PropertiesRun& run) const {
  if (!options_.update || summarize(run.survey).run == 0) return;
  std::set<BrokenLaw> all = run.survey.broken;
  for (const BrokenLaw& law : known_) {
    if (!is_mended(law, run)) all.insert(law);
  }
  BaselineHeader header = now_;
  header.drawn = run.survey.done;
  if (!has_same_cases(run)) {
    header.cases = header_.cases;
    header.drawn = header_.drawn;
  }
  std::vector<std::string> lines;
  lines.reserve(all.size());
  for (const BrokenLaw& law : all) lines.push_back(line_of(law));
  write_baseline(options_.file, header, lines);
}

}  // namespace exactbn
