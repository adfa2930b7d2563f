// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/shrink.h"
#include "properties/survey.h"

namespace exactbn {

// A discovery, shrunk.
struct Counterexample {
  Discovery discovery;
  Problem problem;      // the smallest found that breaks the law
  Violation violation;  // by that problem
  Answer answer;        // to the problem
  int evaluations = 0;
  // Whether the law is also broken when it is checked alone; if not, nothing
  // is shrunk.
  bool reproduces = true;
};

// Shrinks the problem of a discovery while it still breaks the law.
Counterexample shrink_discovery(const Source& source, const Request& request,
                                const Discovery& discovery,
                                const ShrinkLimit& limit = {});

// Shrinks a problem while the subject answers it differently from run to run.
// Nothing if it does not do so again.
std::optional<Shrunk> shrink_differing(const Source& source,
                                       const Request& request,
                                       const Differing& differing,
                                       const ShrinkLimit& limit = {});

}  // namespace exactbn
