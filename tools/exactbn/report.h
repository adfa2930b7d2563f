// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "tools/exactbn/run.h"

namespace exactbn {

// The reports of one run. All contain the same findings.

// A row per operation and format, the first `errors` failures in full, the
// missing, undecided and beyond cases, and last the summary line.
std::string text_report(const Run& run, int errors);

// schema exactbn/report/1. Numbers without a value (infinite) are null.
std::string json_report(const Run& run);

// The first `errors` failures in full, a part of the text report.
std::string failures_text(const Run& run, int errors);

// What explains the failures, and where they are; empty if nothing failed.
std::string diagnosis_text(const Run& run);

// How many questions are answered differently from run to run, and the smallest
// of them, in a line; empty if none is.
std::string differing_text(const Run& run);

// The disagreements of run/conventions.h, a line each.
std::string disagreements_text(const Run& run);

// What the subject did wrong after its last answer, and why the run stopped, a
// line each; empty if nothing and if it did not.
std::string end_text(const Run& run);

// The counts of the conformance card, in a line; empty if there is none.
std::string conventions(const Run& run);

// JUnit XML for CI systems: a test suite per run, a test case per case.
std::string junit_report(std::span<const Run* const> runs);

}  // namespace exactbn
