// SPDX-License-Identifier: Apache-2.0
#include "oracles/diagnose.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <list>

#include "oracles/explain/case_rules.h"

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

Lineup::Lineup(std::span<const Defect> defects, Claim claim)
    : defects_(defects), claim_(claim), suspects_(defects.size()) {}

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
    suspect.out = suspect.out || (out && claim_ == Claim::everywhere);
    if (out && heard.failed) ++suspect.missed;
    if (explains) {
      suspect.explained.push_back(place);
      suspect.exact = suspect.exact && all.exact;
      // Whole numbers, so that no order of the cases changes the sum.
      suspect.evidence += std::floor(all.evidence);
    }
  }
}

bool Lineup::is_open_to(const Suspect& suspect) const {
  if (suspect.out || suspect.explained.empty()) return false;
  if (claim_ == Claim::everywhere) return true;
  return suspect.explained.size() >= 2 &&
         4 * suspect.explained.size() >= suspect.missed;
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
    if (!is_open_to(s)) continue;
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
    culprit.evidence = suspect.evidence;
    culprit.missed = suspect.missed;
    culprit.explained = suspect.explained;
    std::sort(culprit.explained.begin(), culprit.explained.end());
    culprit.explained = common(culprit.explained, open);
    open = without(open, culprit.explained);
    diagnosis.culprits.push_back(culprit);
  }
  return diagnosis;
}

namespace {

CaseList questions(std::span<const Heard> run,
                   const std::vector<std::size_t>& places) {
  CaseList list;
  for (const std::size_t i : places) list.push_back(run[i].question);
  return list;
}

// The cases that did not fail, and would with the defect.
std::vector<std::size_t> spared(std::span<const Heard> run,
                                const Defect& defect,
                                const Declaration& declaration) {
  const std::vector<std::size_t> others = by_size(run, false);
  std::vector<char> told(others.size());
#pragma omp parallel for schedule(dynamic)
  for (std::size_t i = 0; i < others.size(); ++i) {
    const Heard& heard = run[others[i]];
    Truth truth(*heard.question, declaration);
    told[i] = predict(defect, truth, heard.past).tells ? 1 : 0;
  }
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (told[i] != 0) places.push_back(others[i]);
  }
  std::sort(places.begin(), places.end());
  return places;
}

// What was answered to a failed case, without the outputs that are right.
struct Wrong {
  explicit Wrong(Truth& truth, const Heard& heard) : only(heard) {
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
  std::list<Answer> answers;  // which stay where they are
  Heard only;
};

// The outputs that fail in cases in which the defect would fail others too.
std::set<Output> outputs_alone(std::span<const Heard> run,
                               const Culprit& culprit,
                               const Declaration& declaration) {
  std::set<Output> names;
  for (const std::size_t i : culprit.explained) {
    const Heard& heard = run[i];
    Truth truth(*heard.question, declaration);
    const Prediction p = predict(*culprit.defects[0], truth, heard.past);
    for (const Answer* call : heard.calls) {
      if (compare(truth, p, call->outputs).agrees) continue;
      for (const auto& output : call->outputs) {
        if (truth.fails(output)) names.insert(output.first);
      }
    }
  }
  return names;
}

// Of the defects those that spare the fewest other cases.
Resemblance resemblance(std::span<const Heard> run, const Culprit& culprit,
                        const Declaration& declaration) {
  Resemblance r;
  r.here = culprit;
  r.here.defects.clear();
  for (const Defect* defect : culprit.defects) {
    std::vector<std::size_t> places = spared(run, *defect, declaration);
    const bool first = r.here.defects.empty();
    if (!first && places.size() > r.elsewhere.size()) continue;
    if (first || places.size() < r.elsewhere.size()) {
      r.here.defects.clear();
      r.elsewhere = std::move(places);
    }
    r.here.defects.push_back(defect);
  }
  r.outputs = outputs_alone(run, r.here, declaration);
  r.only_where = telling_rule(questions(run, r.here.explained),
                              questions(run, r.elsewhere))
                     .value_or("");
  return r;
}

// Of failed cases that no defect explains: those that one path of the subject
// has in common with a defect.
std::vector<Resemblance> resembling(std::span<const Heard> run,
                                    const std::vector<std::size_t>& failed,
                                    const Declaration& declaration) {
  const std::span<const Defect> all = defects();
  Lineup lineup(all, Lineup::Claim::here);
#pragma omp parallel for schedule(dynamic)
  for (std::size_t i = 0; i < failed.size(); ++i) {
    const Heard& heard = run[failed[i]];
    Truth truth(*heard.question, declaration);
    const Wrong wrong(truth, heard);
    for (std::size_t d = 0; d < all.size(); ++d) {
      lineup.confront(d, failed[i], truth, predict(all[d], truth, heard.past),
                      wrong.only);
    }
  }
  std::vector<Resemblance> found;
  const Diagnosis here = lineup.diagnosis(failed);
  for (const Culprit& culprit : here.culprits) {
    Resemblance r = resemblance(run, culprit, declaration);
    // With little evidence it takes whole answers, and a rule that tells where.
    const bool sure = r.here.evidence >= kEnough ||
                      (r.outputs.empty() && !r.only_where.empty());
    if (sure && !r.elsewhere.empty()) found.push_back(std::move(r));
  }
  return found;
}

}  // namespace

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
  Diagnosis diagnosis = lineup.diagnosis(failed);
  diagnosis.resembling = resembling(run, diagnosis.unexplained, declaration);
  return diagnosis;
}

}  // namespace exactbn
