// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>

#include "oracles/subject.h"

namespace exactbn {

// Speaks the wire format for the subject: its declaration, then an answer to
// every line of `cases`, each flushed. A line that is not a case, and an
// exception of the subject, are answered as errors. A line of surroundings has
// no answer: the next line is answered in them. Returns the exit status: 0 at
// the end of the cases, 1 where an answer could not be written.
int serve(Subject& subject, std::istream& cases, std::ostream& answers);

}  // namespace exactbn
