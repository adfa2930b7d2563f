// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands.h"

#include <fmt/format.h>
#include <omp.h>

#include <CLI/CLI.hpp>
#include <new>
#include <sstream>

#include "oracles/printable.h"
#include "oracles/subject.h"
#include "tools/exactbn/complain.h"
#include "tools/exactbn/last_resort.h"
#include "tools/exactbn/print.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0  everything that ran passed, or is known to the --baseline\n"
    "  1  a mismatch, a convention that is not the declared one, or a biased\n"
    "     rounding; with --baseline-strict also if a known failure is mended\n"
    "  2  bad usage, malformed or unreadable input, or nothing was asked;\n"
    "     memory or threads ran out\n"
    "  3  the subject crashed, hung or broke the protocol\n"
    "  4  nothing failed, but something is missing (with --domain all: or\n"
    "     undecided)\n"
    "  130, 143, 129  `properties` was stopped by SIGINT, SIGTERM or SIGHUP, "
    "and\n"
    "     reported what it had";

// A usage error, in one line.
std::string usage_text(const CLI::App*, const CLI::Error& error) {
  return fmt::format("exactbn: {}; see exactbn --help\n",
                     printable(error.what()));
}

// By default CLI11 gives a flag that may be given more than once all arguments
// up to the next flag, SUBJECT included. An empty value, as of a variable that
// is not set, would read as no flag. Two empty values mean something: --filter
// selects every case, and --save saves nothing.
void give_each_flag_one_value(CLI::App& verb) {
  for (CLI::Option* option : verb.get_options()) {
    if (option->nonpositional()) option->allow_extra_args(false);
    if (option->get_expected_max() == 0 || option->check_lname("filter") ||
        option->check_lname("save")) {
      continue;
    }
    option->check([](const std::string& value) {
      return std::string(value.empty() ? "the value is empty" : "");
    });
  }
}

}  // namespace

namespace {

// Parses the command line and runs its verb. Throws what the verb throws.
int parsed_and_run(int argc, const char* const* argv) {
  CLI::App program{"exactbn says exactly how wrong a batch normalization is.",
                   "exactbn"};
  program.failure_message(usage_text);
  program.set_version_flag("--version", "exactbn " EXACTBN_VERSION);
  program.require_subcommand(0, 1);
  program.footer(kExitCodes);
#define EXACTBN_ADD(name) add_##name(program),
  const std::vector<Verb> verbs = {EXACTBN_VERBS(EXACTBN_ADD)};
#undef EXACTBN_ADD
  int jobs = 0;
  for (const Verb& verb : verbs) {
    verb.flags
        ->add_option("--jobs", jobs, "number of threads; default: all cores")
        ->check(CLI::Range(1, 4096));
    give_each_flag_one_value(*verb.flags);
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = program.exit(error, out, err);
    if (!out.str().empty()) print("{}", out.str());
    if (!err.str().empty()) complain("{}", err.str());
    return code == 0 ? 0 : 2;
  }
  for (const Verb& verb : verbs) {
    if (!verb.flags->parsed()) continue;
    const bool serves = verb.flags->get_name() == "serve";
    if (serves && host()) {
      throw UsageError("serve: takes over standard input; use the program");
    }
    // A plugin may end its process as it likes, and its OpenMP may be ours.
    // The threads of a host are its own.
    if (serves || host()) {
      if (jobs > 0) omp_set_num_threads(jobs);
    } else {
      start_threads(jobs);
    }
    return verb.run();
  }
  throw UsageError(
      "give a verb: validate, properties, probe, challenge, check, ask, "
      "tolerance, generate, verify, list or serve; see exactbn --help");
}

}  // namespace

int run_command(int argc, const char* const* argv) {
  try {
    return parsed_and_run(argc, argv);
  } catch (const SubjectFailure& error) {
    complain("exactbn: {}\n", printable(error.what()));
    return 3;
  } catch (const RunStopped& error) {
    complain("exactbn: {}\n", error.what());
    return 130;
  } catch (const std::bad_alloc&) {
    complain("exactbn: out of memory\n");
    return 2;
  } catch (const std::exception& error) {
    complain("exactbn: {}\n", printable(error.what()));
    return 2;
  }
}

}  // namespace exactbn
