// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/run/accumulation.h"

#include <fmt/format.h>

#include <set>

namespace exactbn {

std::string accumulation_text(const Run& run) {
  std::set<DType> of_x;
  for (const CaseRun& c : run.cases) {
    if (outcome(c) == Verdict::unsupported) continue;
    of_x.insert(c.question->problem.x().dtype());
  }
  return short_accumulation_text(run.declaration, of_x);
}

std::string accumulation_line(const Declaration& declaration,
                              const std::string& text) {
  if (text.empty()) return {};
  return fmt::format("accumulation  {}{}\n", text,
                     declaration.allows_short_accumulation
                         ? ""
                         : ": --allow-short-accumulation");
}

std::string accumulation_of_grade(const Declaration& declaration, DType x) {
  const bool counts = declaration.allows_short_accumulation &&
                      is_short_accumulation(declaration, x);
  if (!counts) return {};
  return fmt::format(" in {}", format(*declaration.accumulation).name);
}

}  // namespace exactbn
