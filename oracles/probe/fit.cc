// SPDX-License-Identifier: Apache-2.0
#include "oracles/probe/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace exactbn::probing {

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) return kFar;
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) {
      if (std::isfinite(a[i])) largest = std::max(largest, std::fabs(a[i]));
      continue;
    }
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return kFar;
    largest = std::max({largest, std::fabs(a[i]), std::fabs(b[i])});
    difference = std::max(difference, std::fabs(a[i] - b[i]));
  }
  return difference == 0 ? 0 : difference / largest;
}

double rounding_of(const Encoding& encoding) {
  const double u = std::max(format(encoding.dtype).unit_roundoff(),
                            format(encoding.parameters).unit_roundoff());
  // f32 digits at least: statistics pass through f32.
  return std::max(0x1p-13, 4 * u);
}

std::vector<std::string> all_fitting(const std::vector<Hypothesis>& hypotheses,
                                     const std::vector<double>& got,
                                     double tolerance) {
  std::vector<std::string> names;
  for (const Hypothesis& h : hypotheses) {
    const bool known =
        std::find(names.begin(), names.end(), h.name) != names.end();
    if (!known && distance(h.values, got) <= tolerance) names.push_back(h.name);
  }
  return names;
}

std::string fitting(const std::vector<Hypothesis>& hypotheses,
                    const std::vector<double>& got, double tolerance) {
  const auto names = all_fitting(hypotheses, got, tolerance);
  if (names.empty()) return std::string(kSomethingElse);
  return fmt::format("{}", fmt::join(names, " or "));
}

std::string compared(const std::vector<Hypothesis>& hypotheses,
                     const std::vector<double>& got) {
  constexpr std::size_t kMost = 6;
  std::size_t i = 0;
  const auto differ = [&](std::size_t at) {
    const double first = hypotheses.front().values[at];
    return std::any_of(
        hypotheses.begin(), hypotheses.end(),
        [&](const Hypothesis& h) { return h.values[at] != first; });
  };
  while (i + 1 < got.size() && !differ(i)) ++i;
  std::string text = fmt::format("{:.6g};", got[i]);
  std::string_view last;
  std::size_t named = 0;
  for (const Hypothesis& h : hypotheses) {
    if (h.name == last || named == kMost) continue;
    last = h.name;
    text += fmt::format("{} {}: {:.6g}", named++ == 0 ? "" : ",", h.name,
                        h.values[i]);
  }
  return text;
}

std::string listed(const std::vector<double>& values) {
  constexpr std::size_t kMost = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(kMost, values.size()); ++i) {
    text += fmt::format("{}{:.6g}", i == 0 ? "" : ", ", values[i]);
  }
  return values.size() > kMost ? text + ", ..." : text;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

namespace {

// Each finding and its places, in order of first appearance.
using Kinds = std::vector<std::pair<std::string, std::vector<std::string>>>;

Kinds kinds_of(const std::vector<Observation>& observations) {
  Kinds kinds;
  for (const Observation& s : observations) {
    auto kind = std::find_if(kinds.begin(), kinds.end(),
                             [&](const auto& k) { return k.first == s.what; });
    if (kind == kinds.end()) kind = kinds.insert(kind, {s.what, {}});
    kind->second.push_back(s.where);
  }
  return kinds;
}

}  // namespace

std::string summary(const std::vector<Observation>& observations) {
  // The most common finding comes first and needs no place.
  Kinds kinds = kinds_of(observations);
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const auto& a, const auto& b) {
                     return a.second.size() > b.second.size();
                   });
  std::string text;
  for (const auto& [what, places] : kinds) {
    text +=
        text.empty() ? what : fmt::format("; {} in {}", what, joined(places));
  }
  return text;
}

std::string by_place(const std::vector<Observation>& observations) {
  const Kinds kinds = kinds_of(observations);
  if (kinds.size() == 1) return kinds.front().first;
  std::vector<std::string> parts;
  for (const auto& [what, places] : kinds) {
    parts.push_back(fmt::format("{} for {}", what, joined(places)));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

void conclude(CardLine& line, std::string_view found) {
  line.found = found;
  // Hypotheses that cannot be told apart are joined by "or".
  const std::string among = " or " + line.found + " or ";
  line.agrees = line.declared.empty() || line.found == kNotOffered ||
                line.found == kCannotTell ||
                among.find(" or " + line.declared + " or ") != among.npos;
}

}  // namespace exactbn::probing
