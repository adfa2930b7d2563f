// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/suite.h"
#include "golden/suite/builder.h"
#include "oracles/judge/verdict.h"

namespace exactbn {

// Which cases, from where.
struct Selection {
  std::string suite = "core";
  std::string file;  // of wire-format cases, instead of a suite; - is stdin
  std::string filter;
  std::vector<std::string> dtypes;
  std::uint64_t seed = kCoreSeed;
};

// Which known answers, and in what form.
struct GenerateOptions {
  std::string out;  // a folder
  std::string format = "json";
  std::string convention;  // the framework in whose words; none if empty
  Selection selection;
  std::vector<std::string> operations;  // all unless given
  // An ordinary problem of this shape, instead of a suite.
  Shape shape;
  int channel_axis = 1;
  double epsilon = kEpsilon;
};

// What passes and what is written.
struct Judging {
  Grade required = Grade::sequential;
  int errors = 20;  // failures printed in full
  std::string json;
  std::string junit;
  std::string html;
};

// What is printed of a conformance card.
struct ProbeOptions {
  bool evidence = false;  // of every line, not of those alone that disagree
  std::string json;
};

// Which implementation, and how long it may take.
struct SubjectOptions {
  std::string name;      // a built-in, an adapter or a plugin's path
  std::string command;   // --exec
  bool defects = false;  // every known defect in turn, instead
  bool once = false;     // ask each case once, not twice
  double time_limit = 60;
};

}  // namespace exactbn
