// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/baseline.h"

#include <fmt/format.h>

#include <algorithm>

#include "oracles/format_names.h"
#include "tools/exactbn/run/conventions.h"

namespace exactbn {

namespace {

// "y: " or, without an output, nothing.
std::string prefix(const FailureKey& key) {
  return key.second ? fmt::format("{}: ", *key.second) : std::string();
}

// What is new in a failure that is known in another form; empty if nothing.
std::string difference(const Failure& known, const Failure& now,
                       const Agreement& agreement, const CaseRun& c,
                       std::optional<Output> output) {
  if (now.kind != known.kind) {
    return fmt::format("{} -> {}", to_string(known.kind), to_string(now.kind));
  }
  if (now.eta > kWorse * std::max(known.eta, 1.0)) {
    return fmt::format("eta {:.3g} -> {:.3g}", known.eta, now.eta);
  }
  if (now.message != known.message) {
    return fmt::format("{} -> {}", known.message, now.message);
  }
  if (known.defects.empty() || agreement(c, *output, known.defects)) return {};
  return "no longer looks like " + known.defects.front();
}

class Comparer {
 public:
  Comparer(const Failures& known, const Run& run)
      : known_(known), agreement_(run) {}

  // What is new or worse in the failures of a case.
  std::vector<std::string> news(const CaseRun& c, const Failures& now) const {
    if (c.not_asked) return {"not asked"};
    std::vector<std::string> news;
    for (const auto& [key, failure] : now) {
      const auto found = known_.find(key);
      const std::string what =
          found == known_.end()
              ? "new"
              : difference(found->second, failure, agreement_, c, key.second);
      if (!what.empty()) news.push_back(prefix(key) + what);
    }
    return news;
  }

 private:
  const Failures& known_;
  Agreement agreement_;
};

// Whether a known failure of the case is mended. If the subject gives no
// outputs now, nothing is known about them.
bool is_mended(const FailureKey& key, const CaseRun& c, const Failures& now) {
  if (c.not_asked || now.contains(key)) return false;
  return !now.contains({key.first, {}});
}

// The verdict on an output or, if it was not judged, on the case.
Verdict verdict_on(const CaseRun& c, std::optional<Output> output) {
  for (const OutputVerdict& out : c.verdict.outputs) {
    if (out.output == output) return out.verdict;
  }
  return c.verdict.verdict;
}

using Places = std::map<std::string, const CaseRun*>;

Places places_of(const Run& run) {
  Places places;
  for (const CaseRun& c : run.cases) places[c.question->id] = &c;
  return places;
}

bool is_convention_known(const Failures& known, const Run& run) {
  const std::vector<std::string> lines = other_conventions(run);
  return std::all_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return known.contains({without_flags(line), {}});
  });
}

}  // namespace

void compare(const Failures& known, Extent extent, Run& run) {
  const Comparer comparer(known, run);
  std::map<std::string, Failures> now;
  const bool knows_convention = is_convention_known(known, run);
  for (CaseRun& c : run.cases) {
    if (c.as_declared) {
      c.known = knows_convention;
      if (!c.known) c.news = {"new"};
      continue;
    }
    Failures& failures = now[c.question->id];
    failures = failures_of(run, c);
    c.news = comparer.news(c, failures);
    c.known = c.news.empty() && !failures.empty();
  }
  const Failures of_run = failures_of_run(run);
  const Places places = places_of(run);
  for (const auto& [key, failure] : known) {
    if (failure.kind == FailureKind::of_the_run) {
      if (of_run.contains(key)) {
        run.baseline->known_of_run.insert(key.first);
      } else if (extent == Extent::whole && run.probed) {
        run.baseline->mended.push_back(key.first);
      }
      continue;
    }
    const auto found = places.find(key.first);
    if (found == places.end()) {
      if (extent == Extent::selected) continue;
      run.baseline->mended.push_back(
          fmt::format("{}: {}no such case", key.first, prefix(key)));
    } else if (is_mended(key, *found->second, now[key.first])) {
      run.baseline->mended.push_back(fmt::format(
          "{}: {}{} -> {}", key.first, prefix(key), to_string(failure.kind),
          to_string(verdict_on(*found->second, key.second))));
    }
  }
}

Failures updated(const Failures& known, Extent extent, const Run& run) {
  const Places places = places_of(run);
  Failures all;
  for (const auto& [key, failure] : known) {
    if (failure.kind == FailureKind::of_the_run) {
      // What only the probe finds, a run without it says nothing about.
      if (extent == Extent::selected || !run.probed) all[key] = failure;
      continue;
    }
    const auto found = places.find(key.first);
    const bool keep = found == places.end() ? extent == Extent::selected
                                            : found->second->not_asked;
    if (keep) all[key] = failure;
  }
  for (const CaseRun& c : run.cases) all.merge(failures_of(run, c));
  all.merge(failures_of_run(run));
  return all;
}

std::set<std::string> breaking_cases(const Failures& known) {
  std::set<std::string> ids;
  for (const auto& [key, failure] : known) {
    if (failure.kind == FailureKind::broke) ids.insert(key.first);
  }
  return ids;
}

}  // namespace exactbn
