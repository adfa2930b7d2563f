// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "oracles/subject.h"
#include "tools/exactbn/options.h"

namespace exactbn {

// The names that open_subject accepts: built-ins, then the adapters found in
// the program's folders.
struct KnownSubject {
  std::string name;
  std::string what;
};
std::vector<KnownSubject> known_subjects();

// The implementation to judge, with the declarations of the command line; says
// on standard error what they override. A plugin runs in its own process,
// `exactbn serve`, so that a crash costs one case and not the run. Throws
// UsageError if there is no such subject, LoadError or SubjectFailure if it
// does not start.
std::unique_ptr<Subject> open_subject(const SubjectOptions& options);

// The same with the declaration that open_subject found. Says nothing.
std::unique_ptr<Subject> open_again(const SubjectOptions& options,
                                    const Declaration& declaration);

// Throws UsageError if open_subject would, but starts nothing.
void require_known(const SubjectOptions& options);

// Opens a built-in or a plugin in this process, for `serve`.
std::unique_ptr<Subject> open_in_process(const std::string& name);

// Whether open_subject opens it in this process: it cannot crash, and opening
// it takes no time.
bool is_built_in(const SubjectOptions& options);

// The subject on a command line, with the flags that declare: "onednn", or
// "--exec 'python3 x.py' --domain all".
std::string as_argument(const SubjectOptions& options);

}  // namespace exactbn
