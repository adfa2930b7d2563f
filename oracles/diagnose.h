// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "oracles/diagnose_case.h"

namespace exactbn {

// A case of a run, and what the subject answered.
struct Heard {
  const Case* question = nullptr;
  std::vector<const Answer*> calls;  // with outputs; each asked the same
  Past past;                         // of the last call
  bool failed = false;               // a value is unstable
};

// Defects that explain why cases of a run failed, and answer these alike.
struct Culprit {
  std::vector<const Defect*> defects;
  std::vector<std::size_t> explained;  // cases, by their place in the run
  bool exact = false;                  // in every bit of all of them
};

// Nobody is named without an agreement that chance does not bring about.
struct Diagnosis {
  std::vector<Culprit> culprits;         // one that explains most first
  std::vector<std::size_t> unexplained;  // failed cases
};

// What is known of each defect after some cases of a run, in any order.
//
// A defect is out as soon as one case tells it from the truth and the subject
// does not agree with it there: a defect that is named explains every case that
// it should. It explains a case that failed, and where its model fails too.
class Lineup {
 public:
  explicit Lineup(std::span<const Defect> defects);

  // Safe to call from many threads, as is `confront`.
  bool is_out(std::size_t defect) const;
  bool explains_any(std::size_t defect) const;

  // The defect against the answer to a case.
  void confront(std::size_t defect, std::size_t place, Truth& truth,
                const Prediction& prediction, const Heard& heard);

  // `failed`: the cases to explain, ascending.
  Diagnosis diagnosis(const std::vector<std::size_t>& failed) const;

 private:
  struct Suspect {
    bool out = false;
    bool exact = true;
    double evidence = 0;
    std::vector<std::size_t> explained;
  };
  std::vector<std::size_t> best(const std::vector<std::size_t>& open,
                                bool first) const;

  std::span<const Defect> defects_;
  std::vector<Suspect> suspects_;
};

// The known defects that reproduce the answers of a run. The declaration is the
// subject's.
Diagnosis diagnose(std::span<const Heard> run, const Declaration& declaration);

}  // namespace exactbn
