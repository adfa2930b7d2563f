// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/verdict.h"

#include <cmath>
#include <limits>

namespace exactbn {

std::string_view to_string(Grade grade) {
  constexpr std::array<std::string_view, kGrades.size()> names = {
      "correct", "faithful", "stable", "sequential", "unstable"};
  return names[static_cast<std::size_t>(grade)];
}

std::optional<Grade> parse_grade(std::string_view name) {
  for (const Grade grade : kGrades) {
    if (to_string(grade) == name) return grade;
  }
  return std::nullopt;
}

double eta_limit(Grade grade, double m) {
  constexpr double stable = 8;
  if (grade == Grade::unstable) return std::numeric_limits<double>::infinity();
  return grade == Grade::sequential ? stable + 2 * std::sqrt(m) : stable;
}

std::string_view to_string(Verdict verdict) {
  constexpr std::array<std::string_view, 6> names = {
      "unsupported", "passed", "undecided", "beyond", "missing", "failed"};
  return names[static_cast<std::size_t>(verdict)];
}

}  // namespace exactbn
