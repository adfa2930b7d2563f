// SPDX-License-Identifier: Apache-2.0
#include "oracles/dependence/places.h"

#include <fmt/format.h>

#include <algorithm>

#include "oracles/explain/listed.h"
#include "oracles/explain/pattern.h"

namespace exactbn {

std::string channels_text(const std::vector<std::int64_t>& ascending,
                          std::int64_t count) {
  const std::int64_t first = ascending.front();
  const std::int64_t last = ascending.back();
  const bool all_after = last == count - 1 && ascending.size() > 1;
  const auto n = static_cast<std::int64_t>(ascending.size());
  if (all_after && first > 0 && n == count - first) {
    return fmt::format("channels {} and up", first);
  }
  return listed("channel", ascending);
}

std::string places_text(const Problem& problem,
                        const std::vector<std::int64_t>& places,
                        const std::vector<std::int64_t>& some) {
  if (some.size() == places.size()) return {};
  const std::string rule = pattern(problem, Output::y, some);
  if (!rule.empty()) return ": " + rule;
  const auto n = static_cast<std::ptrdiff_t>(some.size());
  if (std::equal(some.begin(), some.end(), places.end() - n)) {
    return n == 1 ? ": the last" : fmt::format(": the last {}", n);
  }
  if (std::equal(some.begin(), some.end(), places.begin())) {
    return n == 1 ? ": the first" : fmt::format(": the first {}", n);
  }
  std::vector<std::int64_t> numbers;
  numbers.reserve(some.size());
  for (const std::int64_t i : some) {
    numbers.push_back(std::lower_bound(places.begin(), places.end(), i) -
                      places.begin());
  }
  return ": " + listed("number", numbers);
}

}  // namespace exactbn
