// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "properties/shrink.h"
#include "properties/survey.h"

namespace exactbn {

// What is left of a discovery.
struct Counterexample {
  Discovery discovery;
  Problem problem;      // the smallest that breaks the law
  Violation violation;  // by which
  Answer answer;        // to the problem
  int evaluations = 0;
  // Whether the law is broken when it alone is asked about; if not, nothing is
  // shrunk.
  bool repeats = true;
};

// The smallest problem found that still breaks the law of the discovery.
Counterexample shrink_discovery(const Source& source, const Request& request,
                                const Discovery& discovery,
                                const ShrinkLimit& limit = {});

}  // namespace exactbn
