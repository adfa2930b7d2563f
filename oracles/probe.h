// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/probe/card.h"
#include "oracles/subject.h"

namespace exactbn {

// Finds out the conventions of an implementation, by experiment: it is asked
// small problems whose exact answers differ from convention to convention. What
// it declares decides what it is asked, since no subject is asked for what it
// does not declare, and is held against what was found; nothing is taken from
// it. The lines are always the same ones in the same order. An experiment in
// which the subject breaks costs its line; after kMostProbeBreaks of them
// nothing more is asked.
Card probe(Subject& subject);

inline constexpr int kMostProbeBreaks = 5;

}  // namespace exactbn
