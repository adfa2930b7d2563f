// SPDX-License-Identifier: Apache-2.0
#include "oracles/diagnose/exposure.h"

#include <algorithm>
#include <array>
#include <optional>

#include "reference/parallel_for.h"

namespace exactbn {

namespace {

// The answers of a defect of state: two per case, in order, since each depends
// on all calls before.
using Recalled = std::vector<std::array<Answer, 2>>;

std::vector<Recalled> ask_recalling(const std::vector<Case>& cases) {
  const std::span<const Defect> all = defects();
  std::vector<Recalled> recalled(all.size());
  parallel_for(std::ssize(all), true, [&](std::int64_t k) {
    const auto d = static_cast<std::size_t>(k);
    if (!all[d].model.recalled) return;
    DefectSubject subject(all[d]);
    for (const Case& c : cases) {
      Answer first = subject.answer(c);
      recalled[d].push_back({std::move(first), subject.answer(c)});
    }
  });
  return recalled;
}

// Whether any case up to each one holds NaN or an infinity.
std::vector<char> poisoned(const std::vector<Case>& cases) {
  std::vector<char> so_far;
  bool any = false;
  for (const Case& c : cases) {
    any = any || !c.problem.x().all_finite();
    so_far.push_back(any ? 1 : 0);
  }
  return so_far;
}

// A case in one domain, and what the models predict there.
struct InDomain {
  InDomain(const Case& c, const Declaration& declaration)
      : truth(c, declaration) {
    for (const Defect& defect : defects()) {
      predictions.push_back(defect.model.recalled
                                ? Prediction()
                                : predict(defect, truth, Past()));
    }
  }
  Truth truth;
  std::vector<Prediction> predictions;
};

}  // namespace

std::vector<Exposure> expose_defects(const std::vector<Case>& cases) {
  const StandardEnvironment environment;
  const std::span<const Defect> all = defects();
  const std::vector<Recalled> recalled = ask_recalling(cases);
  const std::vector<char> poison = poisoned(cases);
  const Declaration ordinary;
  Declaration everywhere;
  everywhere.domain = Domain::all;
  std::vector<Candidates> candidates(all.size(), Candidates(all));
  std::vector<std::vector<char>> failed(all.size(),
                                        std::vector<char>(cases.size()));
  parallel_for(std::ssize(cases), true, [&](std::int64_t k) {
    const auto i = static_cast<std::size_t>(k);
    InDomain in_ordinary(cases[i], ordinary);
    std::optional<InDomain> in_all;
    if (in_ordinary.truth.is_extreme()) in_all.emplace(cases[i], everywhere);
    for (std::size_t s = 0; s < all.size(); ++s) {
      const bool beyond = in_all && all[s].model.domain == Domain::all;
      auto& [truth, predictions] = beyond ? *in_all : in_ordinary;
      Answer same;
      Observed observed;
      observed.question = &cases[i];
      if (all[s].model.recalled) {
        const std::array<Answer, 2>& calls = recalled[s][i];
        observed.calls = {&calls.front(), &calls.back()};
        observed.failed =
            truth.fails(calls[0].outputs) || truth.fails(calls[1].outputs);
      } else {
        same.outputs = predictions[s].answers.front();
        observed.calls = {&same};
        observed.failed = truth.fails(same.outputs);
      }
      observed.past = {&cases[i], observed.calls.front(), poison[i] != 0};
      failed[s][i] = observed.failed ? 1 : 0;
      for (std::size_t d = 0; d < all.size(); ++d) {
        if (candidates[s].is_out(d)) continue;
        if (all[d].model.recalled) {
          const Prediction now = predict(all[d], truth, observed.past);
          candidates[s].update(d, i, truth, now, observed);
        } else {
          candidates[s].update(d, i, truth, predictions[d], observed);
        }
      }
    }
  });
  std::vector<Exposure> exposures(all.size());
  for (std::size_t s = 0; s < all.size(); ++s) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
      if (failed[s][i] != 0) exposures[s].failed.push_back(i);
    }
    exposures[s].diagnosis = candidates[s].diagnosis(exposures[s].failed);
  }
  return exposures;
}

}  // namespace exactbn
