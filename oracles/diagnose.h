// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "oracles/diagnose/likeness.h"

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
  double evidence = 0;                 // a power of 2: one in so many by chance
  std::size_t missed = 0;  // failed, told from the truth, and not alike
};

// Defects that explain failures of one path of a subject: they answer these
// cases as it does in the outputs that fail, and others not.
struct Resemblance {
  Culprit here;
  // The outputs that are alike, where they would fail others too; or none.
  std::set<Output> outputs;
  // Cases that the first of them would fail, and that did not fail.
  std::vector<std::size_t> elsewhere;
  std::string only_where;  // what tells the one from the other, or empty
};

// Nobody is named without an agreement that chance does not bring about.
struct Diagnosis {
  std::vector<Culprit> culprits;         // one that explains most first
  std::vector<std::size_t> unexplained;  // failed cases
  std::vector<Resemblance> resembling;   // of the unexplained
};

// What is known of each defect after some cases of a run, in any order.
//
// A defect is out as soon as one case tells it from the truth and the subject
// does not agree with it there: a defect that is named explains every case that
// it should. It explains a case that failed, and where its model fails too.
//
// One that is to explain failures `here` alone is never out: it must agree in
// two failed cases or more, and in one of five of those that tell it from the
// truth; and agreement in every bit will do for evidence.
class Lineup {
 public:
  enum class Claim : std::uint8_t { everywhere, here };
  explicit Lineup(std::span<const Defect> defects,
                  Claim claim = Claim::everywhere);

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
    std::size_t missed = 0;
  };
  std::vector<std::size_t> best(const std::vector<std::size_t>& open,
                                bool first) const;

  bool is_open_to(const Suspect& suspect) const;

  std::span<const Defect> defects_;
  Claim claim_;
  std::vector<Suspect> suspects_;
};

// The known defects that reproduce the answers of a run. The declaration is the
// subject's.
Diagnosis diagnose(std::span<const Heard> run, const Declaration& declaration);

}  // namespace exactbn
