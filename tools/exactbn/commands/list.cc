// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "golden/suite/labels.h"
#include "oracles/defects.h"
#include "oracles/wire.h"
#include "properties/survey.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/commands/subjects.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

void list_case(const Case& c) {
  const Problem& problem = c.problem;
  std::string labels;
  for (const std::string& label : c.labels) {
    labels += (labels.empty() ? "" : ", ") + label;
  }
  fmt::print("{:<18} {:<18} {:<4} {:<14} axis {}  {}\n", c.id,
             to_string(problem.operation), format(problem.x().dtype()).name,
             to_string(problem.x().shape()), problem.channel_axis, labels);
}

}  // namespace

int list(const std::string& what, const Selection& selection, bool wire) {
  if (what == "subjects") {
    for (const KnownSubject& s : known_subjects()) {
      fmt::print("{:<12} {}\n", s.name, s.what);
    }
  } else if (what == "suites") {
    for (const SuiteName& s : suites())
      fmt::print("{:<12} {}\n", s.name, s.what);
  } else if (what == "labels") {
    for (const Label& label : labels()) {
      fmt::print("{:<24} {:<9} {}\n", label.name, to_string(label.severity),
                 label.exposes);
    }
  } else if (what == "defects") {
    for (const Defect& d : defects()) {
      const std::string thread =
          d.thread.empty() ? "" : fmt::format("  ({})", d.thread);
      fmt::print("{:<34} {:<13} {}{}\n", d.name, d.family, d.what, thread);
    }
  } else if (what == "laws") {
    fmt::print("{:<28} {:<12} {}\n", kOracle, "",
               "every value is right, as `validate` judges it");
    for (const Law& law : laws()) {
      fmt::print("{:<28} {:<12} {}  ({})\n", law.name, law.family,
                 law.statement, law.source);
    }
  } else if (what == "cases") {
    for (const Case& c : select_cases(selection)) {
      if (wire) {
        fmt::print("{}\n", write_case(c));
      } else {
        list_case(c);
      }
    }
  } else {
    throw UsageError("list: no '" + what +
                     "'; known are subjects, suites, cases, labels, defects, "
                     "laws");
  }
  return 0;
}

}  // namespace exactbn
