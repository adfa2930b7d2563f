// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>

#include "oracles/subject.h"

namespace exactbn {

// Speaks the wire format for the subject: writes its declaration, then one
// answer for each line of `cases`, each flushed. A line that is not a case, or
// an exception of the subject, is answered with an error. A line of
// surroundings gets no answer; it applies to the next line. Returns the exit
// status: 0 at the end of the cases, 1 if an answer could not be written, 3
// after a SubjectFailure, whose line wire/breach.h has. Throws if the cases
// cannot be read.
int serve(Subject& subject, std::istream& cases, std::ostream& answers);

}  // namespace exactbn
