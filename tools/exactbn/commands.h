// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {
class App;
}

// The verbs, in the order of `exactbn --help`. Each has a file in commands/
// that defines Verb add_NAME(CLI::App&): its flags, its checks and its action.
#define EXACTBN_VERBS(VERB) \
  VERB(validate)            \
  VERB(check)               \
  VERB(ask)                 \
  VERB(tolerance)           \
  VERB(properties)          \
  VERB(probe)               \
  VERB(challenge)           \
  VERB(list)                \
  VERB(serve)               \
  VERB(generate)            \
  VERB(verify)

namespace exactbn {

// A verb of the program. `run` is called after the flags are parsed. It returns
// the exit code, and throws UsageError, LoadError (2) or SubjectFailure (3).
struct Verb {
  CLI::App* flags;
  std::function<int()> run;
};

#define EXACTBN_DECLARE(name) Verb add_##name(CLI::App& program);
EXACTBN_VERBS(EXACTBN_DECLARE)
#undef EXACTBN_DECLARE

// Parses the command line and runs its verb. Returns the exit code, after a
// line on standard error if the verb failed.
int run_command(int argc, const char* const* argv);

}  // namespace exactbn
