// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/challenge/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "oracles/printable.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

constexpr std::uint64_t kMostCases = 100'000;
constexpr std::int64_t kMostLarge = std::int64_t{1} << 34;

template <class Value>
Value get(const Json& json, const char* name) {
  try {
    return json.at(name).get<Value>();
  } catch (const Json::exception&) {
    throw UsageError(fmt::format("{}: missing, or of another type", name));
  }
}

template <class Parse>
auto parsed(const Json& json, const char* name, const Parse& parse) {
  std::vector<typename decltype(parse(""))::value_type> values;
  for (const auto& word : get<std::vector<std::string>>(json, name)) {
    const auto value = parse(word);
    if (!value) {
      throw UsageError(fmt::format("{}: unknown '{}'", name, printable(word)));
    }
    values.push_back(*value);
  }
  return values;
}

}  // namespace

Json settings_json(const ChallengeSettings& settings) {
  Json operations = Json::array();
  for (const Operation each : settings.operations) {
    operations.push_back(to_string(each));
  }
  Json dtypes = Json::array();
  for (const DType each : settings.dtypes) {
    dtypes.push_back(format(each).name);
  }
  return {{"operations", operations},
          {"dtypes", dtypes},
          {"families", settings.families},
          {"cases", settings.cases},
          {"large", settings.large},
          {"ranks", settings.ranks},
          {"parameters",
           settings.parameters == ParameterFormat::f32 ? "f32" : "same"},
          {"required", to_string(settings.required)}};
}

ChallengeSettings read_settings(const Json& json) {
  ChallengeSettings settings;
  settings.operations = parsed(json, "operations", [](std::string_view word) {
    return parse_operation(word);
  });
  settings.dtypes = parsed(
      json, "dtypes", [](std::string_view word) { return parse_dtype(word); });
  settings.families = get<std::vector<std::string>>(json, "families");
  settings.cases = get<std::uint64_t>(json, "cases");
  settings.large = get<std::int64_t>(json, "large");
  settings.ranks = get<std::vector<int>>(json, "ranks");
  const auto parameters = get<std::string>(json, "parameters");
  if (parameters == "same") {
    settings.parameters = ParameterFormat::as_x;
  } else if (parameters != "f32") {
    throw UsageError("parameters: expected f32 or same");
  }
  const auto grade = parse_grade(get<std::string>(json, "required"));
  if (!grade || *grade == Grade::unstable) {
    throw UsageError("required: unknown grade");
  }
  settings.required = *grade;
  require_valid(settings);
  return settings;
}

void require_families(std::string_view field,
                      const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (find_family(name)) continue;
    std::vector<std::string_view> known;
    known.reserve(families().size());
    for (const Family& family : families()) known.push_back(family.name);
    throw UsageError(fmt::format("{}: unknown family '{}'; expected {}", field,
                                 printable(name), fmt::join(known, ", ")));
  }
}

void require_valid(const ChallengeSettings& settings) {
  require_families("families", settings.families);
  if (settings.cases < 1 || settings.cases > kMostCases) {
    throw UsageError(
        fmt::format("cases: {}, expected 1 to {}", settings.cases, kMostCases));
  }
  if (settings.large < 4096 || settings.large > kMostLarge) {
    throw UsageError(fmt::format("large: {}, expected 4096 to {} values",
                                 settings.large, kMostLarge));
  }
  if (settings.ranks.empty()) throw UsageError("ranks: none");
  for (const int rank : settings.ranks) {
    if (rank >= 2 && rank <= 5) continue;
    throw UsageError(fmt::format("ranks: {}, expected 2 to 5", rank));
  }
}

}  // namespace exactbn
