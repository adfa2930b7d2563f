// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/probe/card.h"
#include "oracles/subject.h"

namespace exactbn {

// Finds the conventions of an implementation by experiment: it answers small
// problems whose exact answers differ from convention to convention. The
// declaration decides what the subject is asked, because no subject is asked
// for what it does not declare. It is then compared with the findings; no
// finding is taken from it. The card always has the same lines in the same
// order. If the subject breaks during an experiment, that line is lost; after
// kMostProbeBreaks breaks the subject is not asked again.
Card probe(Subject& subject);

inline constexpr int kMostProbeBreaks = 5;

}  // namespace exactbn
