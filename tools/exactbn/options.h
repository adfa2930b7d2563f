// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/suite.h"
#include "oracles/judge/verdict.h"

namespace exactbn {

// The values of flags that several verbs share (commands/flags.h).

// Which cases to take, and where they come from.
struct Selection {
  std::string suite = "core";
  std::string file;  // wire-format cases instead of a suite; - is stdin
  std::string filter;
  std::vector<std::string> dtypes;
  std::uint64_t seed = kCoreSeed;
};

// A file of known failures; empty if there is none.
struct BaselineOptions {
  std::string file;
  bool strict = false;  // a known failure that is mended fails
  bool update = false;  // write the file
};

// Which grade passes, and which reports to write.
struct Judging {
  std::string grade = "sequential";    // the value of --require
  Grade required = Grade::sequential;  // the same, parsed
  int errors = 20;                     // failures printed in full
  std::string json;
  std::string junit;
  std::string html;
  bool github = false;  // print annotations of GitHub Actions
  BaselineOptions baseline;
};

// What the command line declares instead of the subject.
struct DeclareOptions {
  std::vector<std::string> declare;  // KEY=VALUE
  std::string convention;            // of a framework; empty: as declared
  std::string domain;                // the same
  bool short_accumulation = false;   // a declared one counts
};

// Which implementation to judge, and how long it may take.
struct SubjectOptions {
  std::string name;        // a built-in, an adapter or the path of a plugin
  std::string command;     // --exec
  double time_limit = 60;  // seconds for one case
  DeclareOptions declare;
};

}  // namespace exactbn
