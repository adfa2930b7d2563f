// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "tools/exactbn/run.h"

namespace exactbn {

// The reports of one run. All carry the same findings.

// A row per operation and format, the first `errors` failures in full, what was
// missing or undecided, and last the summary line.
std::string text_report(const Run& run, int errors);

// schema exactbn/report/1. Numbers without a value (infinite) are null.
std::string json_report(const Run& run);

// Of the failures in full, the first `errors`, which the text report has.
std::string failures_text(const Run& run, int errors);

// What explains the failures, and where they are; empty where nothing failed.
std::string diagnosis_text(const Run& run);

// What the conformance card says, in a line; empty where there is none.
std::string conventions(const Run& run);

// JUnit XML, a test suite per run and a test case per case, for CI systems.
std::string junit_report(std::span<const Run* const> runs);

// Throws UsageError where write_file is bound to fail, which is better known
// before a long run than after it.
void require_writable(const std::string& file);

// Writes a file whole or not at all; what is no plain file, such as /dev/null,
// in place. Throws UsageError where it cannot.
void write_file(const std::string& file, const std::string& text);

}  // namespace exactbn
