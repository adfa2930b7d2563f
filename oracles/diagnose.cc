// SPDX-License-Identifier: Apache-2.0
#include "oracles/diagnose.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace exactbn {

namespace {

// One in 65,000: there are some 200 models, each with some cases to itself.
constexpr double kEnough = 16;

// Those of `a` that are in `b`, or are not; all ascending.
std::vector<std::size_t> common(const std::vector<std::size_t>& a,
                                const std::vector<std::size_t>& b) {
  std::vector<std::size_t> in_both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                        std::back_inserter(in_both));
  return in_both;
}

std::vector<std::size_t> without(const std::vector<std::size_t>& a,
                                 const std::vector<std::size_t>& b) {
  std::vector<std::size_t> rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(),
                      std::back_inserter(rest));
  return rest;
}

// Small cases first: most defects are out before it gets expensive.
std::vector<std::size_t> by_size(std::span<const Heard> run, bool failed) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (run[i].failed == failed && !run[i].calls.empty()) places.push_back(i);
  }
  const auto size = [&](std::size_t i) {
    return run[i].question->problem.x().size();
  };
  std::stable_sort(
      places.begin(), places.end(),
      [&](std::size_t a, std::size_t b) { return size(a) < size(b); });
  return places;
}

}  // namespace

Lineup::Lineup(std::span<const Defect> defects)
    : defects_(defects), suspects_(defects.size()) {}

bool Lineup::is_out(std::size_t defect) const {
  bool out = false;
#pragma omp critical(exactbn_lineup)
  out = suspects_[defect].out;
  return out;
}

bool Lineup::explains_any(std::size_t defect) const {
  bool any = false;
#pragma omp critical(exactbn_lineup)
  any = !suspects_[defect].explained.empty();
  return any;
}

void Lineup::confront(std::size_t defect, std::size_t place, Truth& truth,
                      const Prediction& prediction, const Heard& heard) {
  if (prediction.right) return;
  // What happened before the first call is not known for sure.
  const bool recalls = defects_[defect].model.recalled != nullptr;
  const std::span<const Answer* const> calls(heard.calls);
  Likeness all = {true, true, 0};
  for (const Answer* call : recalls ? calls.last(1) : calls) {
    const Likeness one = compare(truth, prediction, call->outputs);
    all.agrees = all.agrees && one.agrees;
    all.exact = all.exact && one.exact;
    all.evidence = one.evidence;
    if (!all.agrees) break;
  }
  const bool out = !all.agrees && prediction.tells;
  const bool explains = all.agrees && heard.failed && prediction.may_fail;
  if (!out && !explains) return;
#pragma omp critical(exactbn_lineup)
  {
    Suspect& suspect = suspects_[defect];
    suspect.out = suspect.out || out;
    if (explains) {
      suspect.explained.push_back(place);
      suspect.exact = suspect.exact && all.exact;
      // Whole numbers, so that no order of the cases changes the sum.
      suspect.evidence += std::floor(all.evidence);
    }
  }
}

// The suspects that explain most of the open cases: those in every bit if there
// are any.
std::vector<std::size_t> Lineup::best(const std::vector<std::size_t>& open,
                                      bool first) const {
  std::vector<std::size_t> found;
  std::vector<std::size_t> most;
  bool exact = false;
  for (std::size_t d = 0; d < suspects_.size(); ++d) {
    const Suspect& s = suspects_[d];
    if (s.out || s.explained.empty()) continue;
    std::vector<std::size_t> explained = s.explained;
    std::sort(explained.begin(), explained.end());
    explained = common(explained, open);
    const bool all = first && explained.size() == open.size();
    if (s.evidence < kEnough && !all) continue;
    const bool same = explained == most;
    if (explained.size() > most.size() || (same && s.exact && !exact)) {
      found.clear();
      most = explained;
      exact = s.exact;
    }
    if (!most.empty() && explained == most && s.exact == exact) {
      found.push_back(d);
    }
  }
  return found;
}

Diagnosis Lineup::diagnosis(const std::vector<std::size_t>& failed) const {
  Diagnosis diagnosis;
  diagnosis.unexplained = failed;
  std::vector<std::size_t>& open = diagnosis.unexplained;
  while (!open.empty()) {
    const std::vector<std::size_t> found =
        best(open, diagnosis.culprits.empty());
    if (found.empty()) break;
    Culprit culprit;
    for (const std::size_t d : found) culprit.defects.push_back(&defects_[d]);
    const Suspect& suspect = suspects_[found.front()];
    culprit.exact = suspect.exact;
    culprit.explained = suspect.explained;
    std::sort(culprit.explained.begin(), culprit.explained.end());
    culprit.explained = common(culprit.explained, open);
    open = without(open, culprit.explained);
    diagnosis.culprits.push_back(culprit);
  }
  return diagnosis;
}

Diagnosis diagnose(std::span<const Heard> run, const Declaration& declaration) {
  const std::span<const Defect> all = defects();
  std::vector<std::size_t> failed = by_size(run, true);
  if (failed.empty()) return {};
  Lineup lineup(all);
  const auto confront = [&](const std::vector<std::size_t>& places,
                            bool with_all) {
#pragma omp parallel for schedule(dynamic)
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::size_t place = places[i];
      const Heard& heard = run[place];
      Truth truth(*heard.question, declaration);
      for (std::size_t d = 0; d < all.size(); ++d) {
        if (lineup.is_out(d)) continue;
        if (!with_all && !lineup.explains_any(d)) continue;
        lineup.confront(d, place, truth, predict(all[d], truth, heard.past),
                        heard);
      }
    }
  };
  confront(failed, true);
  confront(by_size(run, false), false);
  std::sort(failed.begin(), failed.end());
  return lineup.diagnosis(failed);
}

}  // namespace exactbn
