// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/exactbn/options.h"

namespace exactbn {

// The integer that the text is; nothing if it is none, is negative or has more
// than 64 bits. CLI11 itself would read -1 as 2^64 - 1.
std::optional<std::uint64_t> as_integer(const std::string& text);

// Flags that several verbs share. Each function adds one or more of them; the
// parsed values go to the given options.

// Names separated by commas; the flag may be given more than once.
void add_names(CLI::App& verb, const char* flag,
               std::vector<std::string>& names, const char* what);

// Refuses a text that as_integer does not read.
void check_integer(CLI::Option& option);

void add_seed(CLI::App& verb, std::uint64_t& seed, const char* what);

// --filter and --dtype.
void add_filter(CLI::App& verb, Selection& selection);

// --suite or --cases, the flags of add_filter, and --seed.
void add_selection(CLI::App& verb, Selection& selection);

// --time-limit; `asked` names the unit in the help, such as "case".
void add_time_limit(CLI::App& verb, SubjectOptions& subject, const char* asked);

// SUBJECT or --exec, and --time-limit.
void add_subject(CLI::App& verb, SubjectOptions& subject, const char* asked);

// --declare, and --domain if the verb judges.
void add_declare(CLI::App& verb, DeclareOptions& declare);
void add_domain(CLI::App& verb, DeclareOptions& declare);

void add_grade(CLI::App& verb, Judging& judging, const char* what);

void add_errors(CLI::App& verb, int& errors, int most, const char* what);

void add_json(CLI::App& verb, std::string& file);

// --baseline, --baseline-strict and --update-baseline.
void add_baseline(CLI::App& verb, BaselineOptions& baseline);

void add_github(CLI::App& verb, bool& github);

// --require, --errors, the baseline, and the reports to write.
void add_judging(CLI::App& verb, Judging& judging);

// Checks that CLI11 does not make. Each throws UsageError.

// Also sets `required`.
void require_grade(Judging& judging);

void require_time_limit(const SubjectOptions& subject);

// Checks that the reports and the baseline can be written, each to a file of
// its own, which is none of the files that are read.
void require_writable(const Judging& judging,
                      const std::vector<std::string>& read);

// The same for other files.
void require_distinct(const std::vector<std::string>& written,
                      const std::vector<std::string>& read);

void require_subject(const char* verb, bool is_given);
void require_subject(const char* verb, const SubjectOptions& subject);

}  // namespace exactbn
