// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/exactbn/options.h"

namespace exactbn {

// Flags that several verbs have: each function adds one, or a group of them,
// and says in its options what they were.

// Names with commas between them; the flag may be given more than once.
void add_names(CLI::App& verb, const char* flag,
               std::vector<std::string>& names, const char* what);

void add_seed(CLI::App& verb, std::uint64_t& seed, const char* what);

// --filter and --dtype.
void add_filter(CLI::App& verb, Selection& selection);

// --suite or --cases, the filter, and --seed.
void add_selection(CLI::App& verb, Selection& selection);

// How long a subject may take for one of what it is asked.
void add_time_limit(CLI::App& verb, SubjectOptions& subject, const char* asked);

// SUBJECT or --exec, and --time-limit.
void add_subject(CLI::App& verb, SubjectOptions& subject, const char* asked);

void add_grade(CLI::App& verb, Judging& judging, const char* what);

void add_errors(CLI::App& verb, int& errors, int most, const char* what);

void add_json(CLI::App& verb, std::string& file);

// --require, --errors, and the files to write.
void add_judging(CLI::App& verb, Judging& judging);

// What CLI11 does not check of them. Each throws UsageError.

// Sets `required`.
void require_grade(Judging& judging);

void require_time_limit(const SubjectOptions& subject);

// That the files can be written.
void require_writable(const Judging& judging);

void require_subject(const char* verb, bool is_given);
void require_subject(const char* verb, const SubjectOptions& subject);

}  // namespace exactbn
