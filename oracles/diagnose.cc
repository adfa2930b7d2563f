// SPDX-License-Identifier: Apache-2.0
#include "oracles/diagnose.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <list>
#include <mutex>
#include <utility>

#include "reference/parallel_for.h"

namespace exactbn {

namespace {

// Odds of one in 65,000: there are some 200 models, each with some cases of its
// own.
constexpr double kEnough = 16;

// Of all candidates: each update takes microseconds, and holds it for few
// nanoseconds.
std::mutex candidates_mutex;

// The elements of `a` that are in `b`; all ascending.
std::vector<std::size_t> common(const std::vector<std::size_t>& a,
                                const std::vector<std::size_t>& b) {
  std::vector<std::size_t> in_both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                        std::back_inserter(in_both));
  return in_both;
}

// Small cases first: they rule out most defects before large cases cost time.
std::vector<std::size_t> by_size(std::span<const Observed> run, bool failed) {
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

std::vector<std::size_t> without(const std::vector<std::size_t>& a,
                                 const std::vector<std::size_t>& b) {
  std::vector<std::size_t> rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(),
                      std::back_inserter(rest));
  return rest;
}

CaseList questions(std::span<const Observed> run,
                   const std::vector<std::size_t>& places) {
  CaseList list;
  for (const std::size_t i : places) list.push_back(run[i].question);
  return list;
}

Candidates::Candidates(std::span<const Defect> defects, Claim claim)
    : defects_(defects), claim_(claim), candidates_(defects.size()) {}

bool Candidates::is_out(std::size_t defect) const {
  const std::lock_guard lock(candidates_mutex);
  return candidates_[defect].out;
}

// Even if it explains all cases that are left.
bool Candidates::is_hopeless(std::size_t defect, std::size_t cases) const {
  const std::lock_guard lock(candidates_mutex);
  const Candidate& s = candidates_[defect];
  return !agrees_often(s.explained.size() + cases - s.compared, s.missed);
}

bool Candidates::explains_any(std::size_t defect) const {
  const std::lock_guard lock(candidates_mutex);
  return !candidates_[defect].explained.empty();
}

void Candidates::update(std::size_t defect, std::size_t place, Truth& truth,
                        const Prediction& prediction,
                        const Observed& observed) {
  // The state before the first call is not known for certain.
  const bool recalls = defects_[defect].model.recalled != nullptr;
  std::span<const Answer* const> calls(observed.calls);
  if (recalls) calls = calls.last(1);
  if (prediction.right) calls = {};
  Likeness all = {!calls.empty(), true, 0};
  for (const Answer* call : calls) {
    const Likeness one = compare(truth, prediction, call->outputs);
    all.agrees = all.agrees && one.agrees;
    all.exact = all.exact && one.exact;
    all.evidence = one.evidence;
    if (!all.agrees) break;
  }
  const bool out = !all.agrees && prediction.must_fail;
  const bool explains = all.agrees && observed.failed && prediction.may_fail;
  const std::lock_guard lock(candidates_mutex);
  Candidate& candidate = candidates_[defect];
  ++candidate.compared;
  candidate.out = candidate.out || (out && claim_ == Claim::everywhere);
  if (out && observed.failed) ++candidate.missed;
  if (!explains) return;
  candidate.explained.push_back(place);
  candidate.exact = candidate.exact && all.exact;
  // Whole numbers, so that the order of the cases does not change the sum.
  candidate.evidence += std::floor(all.evidence);
}

bool Candidates::is_eligible(const Candidate& candidate) const {
  if (candidate.out || candidate.explained.empty()) return false;
  if (claim_ == Claim::everywhere) return true;
  return agrees_often(candidate.explained.size(), candidate.missed);
}

// The candidates that explain most of the remaining cases; if any of them agree
// bit for bit, only those.
std::vector<std::size_t> Candidates::best(const std::vector<std::size_t>& open,
                                          bool first) const {
  std::vector<std::size_t> found;
  std::vector<std::size_t> most;
  bool exact = false;
  for (std::size_t d = 0; d < candidates_.size(); ++d) {
    const Candidate& s = candidates_[d];
    if (!is_eligible(s)) continue;
    std::vector<std::size_t> explained = s.explained;
    std::sort(explained.begin(), explained.end());
    explained = common(explained, open);
    const bool all =
        first && claim_ == Claim::everywhere && explained.size() == open.size();
    const bool enough =
        s.evidence >= kEnough || (claim_ == Claim::here && s.exact) || all;
    if (!enough) continue;
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

Diagnosis Candidates::diagnosis(const std::vector<std::size_t>& failed) const {
  Diagnosis diagnosis;
  diagnosis.unexplained = failed;
  std::vector<std::size_t>& open = diagnosis.unexplained;
  while (!open.empty()) {
    const std::vector<std::size_t> found =
        best(open, diagnosis.explanations.empty());
    if (found.empty()) break;
    DefectExplanation explanation;
    for (const std::size_t d : found)
      explanation.defects.push_back(&defects_[d]);
    const Candidate& candidate = candidates_[found.front()];
    explanation.exact = candidate.exact;
    explanation.evidence = candidate.evidence;
    explanation.missed = candidate.missed;
    explanation.explained = candidate.explained;
    std::sort(explanation.explained.begin(), explanation.explained.end());
    explanation.explained = common(explanation.explained, open);
    open = without(open, explanation.explained);
    diagnosis.explanations.push_back(explanation);
  }
  return diagnosis;
}

namespace {

// The cases that passed although the defect would fail them.
std::vector<std::size_t> passed_nevertheless(std::span<const Observed> run,
                                             const Defect& defect,
                                             const Declaration& declaration) {
  const std::vector<std::size_t> others = by_size(run, false);
  std::vector<char> would_fail(others.size());
  parallel_for(std::ssize(others), true, [&](std::int64_t k) {
    const auto i = static_cast<std::size_t>(k);
    const Observed& observed = run[others[i]];
    Truth truth(*observed.question, declaration);
    would_fail[i] = predict(defect, truth, observed.past).must_fail ? 1 : 0;
  });
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (would_fail[i] != 0) places.push_back(others[i]);
  }
  std::sort(places.begin(), places.end());
  return places;
}

// The answers to a failed case, without the outputs that are right.
struct Wrong {
  explicit Wrong(Truth& truth, const Observed& observed) : only(observed) {
    for (const Answer*& call : only.calls) {
      if (!truth.fails(call->outputs)) continue;
      Answer& answer = answers.emplace_back(*call);
      answer.outputs.clear();
      for (const auto& output : call->outputs) {
        if (truth.fails(output)) answer.outputs.insert(output);
      }
      call = &answer;
    }
  }
  std::list<Answer> answers;  // a list, so that they never move
  Observed only;
};

// The outputs that failed in cases in which the defect would fail other outputs
// too.
std::set<Output> outputs_alone(std::span<const Observed> run,
                               const DefectExplanation& explanation,
                               const Declaration& declaration) {
  std::set<Output> names;
  for (const std::size_t i : explanation.explained) {
    const Observed& observed = run[i];
    Truth truth(*observed.question, declaration);
    const Prediction p = predict(*explanation.defects[0], truth, observed.past);
    for (const Answer* call : observed.calls) {
      if (compare(truth, p, call->outputs).agrees) continue;
      for (const auto& output : call->outputs) {
        if (truth.fails(output)) names.insert(output.first);
      }
    }
  }
  return names;
}

// Keeps the defects with the fewest cases that passed nevertheless.
Resemblance resemblance(std::span<const Observed> run,
                        const DefectExplanation& explanation,
                        const Declaration& declaration) {
  Resemblance r;
  r.here = explanation;
  r.here.defects.clear();
  for (const Defect* defect : explanation.defects) {
    std::vector<std::size_t> places =
        passed_nevertheless(run, *defect, declaration);
    const bool first = r.here.defects.empty();
    if (!first && places.size() > r.elsewhere.size()) continue;
    if (first || places.size() < r.elsewhere.size()) {
      r.here.defects.clear();
      r.elsewhere = std::move(places);
    }
    r.here.defects.push_back(defect);
  }
  r.outputs = outputs_alone(run, r.here, declaration);
  r.only_where = distinguishing_rule(questions(run, r.here.explained),
                                     questions(run, r.elsewhere))
                     .value_or("");
  return r;
}

// Defects that resemble one code path of the subject, among failed cases that
// no defect explains; small cases come first.
std::vector<Resemblance> resembling(std::span<const Observed> run,
                                    std::vector<std::size_t> failed,
                                    const Declaration& declaration) {
  const std::span<const Defect> all = defects();
  Candidates candidates(all, Candidates::Claim::here);
  parallel_for(std::ssize(failed), true, [&](std::int64_t k) {
    const auto i = static_cast<std::size_t>(k);
    const Observed& observed = run[failed[i]];
    Truth truth(*observed.question, declaration);
    const Wrong wrong(truth, observed);
    for (std::size_t d = 0; d < all.size(); ++d) {
      if (candidates.is_hopeless(d, failed.size())) continue;
      candidates.update(d, failed[i], truth,
                        predict(all[d], truth, observed.past), wrong.only);
    }
  });
  std::vector<Resemblance> found;
  std::sort(failed.begin(), failed.end());
  const Diagnosis here = candidates.diagnosis(failed);
  for (const DefectExplanation& explanation : here.explanations) {
    Resemblance r = resemblance(run, explanation, declaration);
    // With little evidence, whole answers must agree and a rule must say where.
    const bool sure = r.here.evidence >= kEnough ||
                      (r.outputs.empty() && !r.only_where.empty());
    if (sure && !r.elsewhere.empty()) found.push_back(std::move(r));
  }
  return found;
}

}  // namespace

Diagnosis diagnose(std::span<const Observed> run,
                   const Declaration& declaration) {
  const StandardEnvironment environment;
  const std::span<const Defect> all = defects();
  std::vector<std::size_t> failed = by_size(run, true);
  if (failed.empty()) return {};
  Candidates candidates(all);
  const auto update_all = [&](const std::vector<std::size_t>& places,
                              bool with_all) {
    parallel_for(std::ssize(places), true, [&](std::int64_t k) {
      const std::size_t place = places[static_cast<std::size_t>(k)];
      const Observed& observed = run[place];
      Truth truth(*observed.question, declaration);
      for (std::size_t d = 0; d < all.size(); ++d) {
        if (candidates.is_out(d)) continue;
        if (!with_all && !candidates.explains_any(d)) continue;
        candidates.update(d, place, truth,
                          predict(all[d], truth, observed.past), observed);
      }
    });
  };
  update_all(failed, true);
  update_all(by_size(run, false), false);
  std::vector<std::size_t> small_first = failed;
  std::sort(failed.begin(), failed.end());
  Diagnosis diagnosis = candidates.diagnosis(failed);
  const std::vector<std::size_t>& unexplained = diagnosis.unexplained;
  std::erase_if(small_first, [&](std::size_t place) {
    return !std::binary_search(unexplained.begin(), unexplained.end(), place);
  });
  diagnosis.resembling = resembling(run, small_first, declaration);
  return diagnosis;
}

}  // namespace exactbn
