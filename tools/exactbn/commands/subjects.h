// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "oracles/subject.h"
#include "tools/exactbn/options.h"

namespace exactbn {

// The names that open_subject knows: built-ins, then the adapters found beside
// the program.
struct KnownSubject {
  std::string name;
  std::string what;
};
std::vector<KnownSubject> known_subjects();

// The implementation to judge. Plugins run in a process of their own, this
// program's `serve`, so that a crash costs a case and not the run. Throws
// UsageError where there is no such subject, LoadError or SubjectFailure where
// it does not start.
std::unique_ptr<Subject> open_subject(const SubjectOptions& options);

// Throws UsageError where open_subject would, and starts nothing.
void require_known(const SubjectOptions& options);

// The same in this process: what `serve` serves.
std::unique_ptr<Subject> open_in_process(const std::string& name);

// Whether open_subject opens it in this process: where nothing can crash, and
// opening it anew takes no time.
bool is_built_in(const SubjectOptions& options);

// How a shell would name the subject: "onednn", or "--exec 'python3 x.py'".
std::string as_argument(const SubjectOptions& options);

}  // namespace exactbn
