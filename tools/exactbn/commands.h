// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/exactbn/options.h"

namespace exactbn {

struct HuntOptions;
struct ProbeOptions;

// The verbs of the command line. Each returns the exit code and throws
// UsageError, LoadError (2) or SubjectFailure (3).

// One subject, or several side by side.
int validate(const std::vector<SubjectOptions>& subjects,
             const Selection& selection, const Judging& judging);

// Asks the cases of every model of a defect. Returns 0 where each fails two
// cases or more, else 1.
int validate_defects(const Selection& selection, const Judging& judging);

// Judges answers to the cases of selection.file that were computed elsewhere.
// The answers may begin with a declaration.
int check_answers(const Selection& selection, const std::string& answers_file,
                  const Judging& judging);

// Looks for cases that break a law, and shrinks them. Returns the exit code.
int properties(const SubjectOptions& subject, const HuntOptions& hunt,
               const Judging& judging);

// Finds out the conventions of a subject, and prints them. Returns 3 where it
// broke, else 1 where its declaration says something else, else 0.
int probe_subject(const SubjectOptions& subject, const ProbeOptions& options);

// what: subjects, suites, cases, labels, defects or laws. With `wire`, cases as
// lines of the wire format.
int list(const std::string& what, const Selection& selection, bool wire);

// Writes a folder of known answers, whole or not at all.
int generate(const GenerateOptions& options);

// Proves a folder of known answers anew, and prints the first `errors` things
// that are wrong. Returns 0 where there are none, else 1.
int verify_folder(const std::string& name, int errors);

int serve_subject(const std::string& name);

}  // namespace exactbn
