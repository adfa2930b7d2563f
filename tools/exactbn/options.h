// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/suite.h"
#include "oracles/judge/verdict.h"

namespace exactbn {

// What the flags say that several verbs have (commands/flags.h).

// Which cases, from where.
struct Selection {
  std::string suite = "core";
  std::string file;  // of wire-format cases, instead of a suite; - is stdin
  std::string filter;
  std::vector<std::string> dtypes;
  std::uint64_t seed = kCoreSeed;
};

// What passes and what is written.
struct Judging {
  std::string grade = "sequential";    // as --require names it
  Grade required = Grade::sequential;  // the same
  int errors = 20;                     // failures printed in full
  std::string json;
  std::string junit;
  std::string html;
};

// Which implementation, and how long it may take.
struct SubjectOptions {
  std::string name;     // a built-in, an adapter or a plugin's path
  std::string command;  // --exec
  double time_limit = 60;
};

}  // namespace exactbn
