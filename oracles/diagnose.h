// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "oracles/diagnose/likeness.h"
#include "oracles/explain/case_rules.h"

namespace exactbn {

// A case of a run, and the subject's answers to it.
struct Observed {
  const Case* question = nullptr;
  std::vector<const Answer*> calls;  // with outputs; all for the same question
  Past past;                         // before the last call
  bool failed = false;               // some value is unstable
};

// The cases with these indices.
CaseList questions(std::span<const Observed> run,
                   const std::vector<std::size_t>& places);

// The indices in `a` that are not in `b`; all ascending.
std::vector<std::size_t> without(const std::vector<std::size_t>& a,
                                 const std::vector<std::size_t>& b);

// Defects that explain failed cases of a run, and that give the same answers to
// these cases.
struct DefectExplanation {
  std::vector<const Defect*> defects;
  std::vector<std::size_t> explained;  // indices of cases in the run
  bool exact = false;                  // all of them agree bit for bit
  double evidence = 0;     // bits: chance agreement has odds 2^-evidence
  std::size_t missed = 0;  // failed cases that distinguish it and disagree
};

// Defects that explain the failures of one code path: on these cases the
// outputs that fail agree with the defect, but on others they do not.
struct Resemblance {
  DefectExplanation here;
  // The outputs that agree, if the defect would fail other outputs too; else
  // empty.
  std::set<Output> outputs;
  // Cases that passed although the first of the defects would fail them.
  std::vector<std::size_t> elsewhere;
  std::string only_where;  // the rule that separates the two, or empty
};

// A defect is reported only if chance agreement is ruled out (16 bits).
struct Diagnosis {
  std::vector<DefectExplanation> explanations;  // most explained cases first
  std::vector<std::size_t> unexplained;         // failed cases
  std::vector<Resemblance> resembling;          // of the unexplained
};

// The evidence for each defect after some cases of a run, in any order.
//
// A defect is ruled out as soon as one case distinguishes it from the truth and
// the subject does not agree with it there: a reported defect explains every
// case that it should. It explains a case that failed if the subject agrees
// with it and its model fails there too.
//
// With Claim::here no single case rules out a defect. It must agree in at least
// two failed cases, and in at least one fifth of the failed cases that
// distinguish it from the truth; agreement in every bit also counts as
// evidence.
class Candidates {
 public:
  enum class Claim : std::uint8_t { everywhere, here };
  explicit Candidates(std::span<const Defect> defects,
                      Claim claim = Claim::everywhere);

  // Safe to call from many threads, as is `update`.
  bool is_out(std::size_t defect) const;
  // Whether a defect cannot be reported any more, of whose `cases` failed cases
  // some were compared.
  bool is_hopeless(std::size_t defect, std::size_t cases) const;
  bool explains_any(std::size_t defect) const;

  // Compares the answer to one case with what the defect predicts.
  void update(std::size_t defect, std::size_t place, Truth& truth,
              const Prediction& prediction, const Observed& observed);

  // `failed`: the cases to explain, ascending.
  Diagnosis diagnosis(const std::vector<std::size_t>& failed) const;

 private:
  struct Candidate {
    bool out = false;
    bool exact = true;
    double evidence = 0;
    std::vector<std::size_t> explained;
    std::size_t missed = 0;
    std::size_t compared = 0;
  };
  static bool agrees_often(std::size_t explained, std::size_t missed) {
    return explained >= 2 && 4 * explained >= missed;
  }
  std::vector<std::size_t> best(const std::vector<std::size_t>& open,
                                bool first) const;

  bool is_eligible(const Candidate& candidate) const;

  std::span<const Defect> defects_;
  Claim claim_;
  std::vector<Candidate> candidates_;
};

// The known defects that reproduce the answers of a run. `declaration` is the
// subject's.
Diagnosis diagnose(std::span<const Observed> run,
                   const Declaration& declaration);

}  // namespace exactbn
