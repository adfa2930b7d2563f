// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace exactbn {

// The quality of a value, best first. A set of values has the grade of its
// worst.
enum class Grade : std::uint8_t {
  correct,     // the correctly rounded value
  faithful,    // error below 1 ulp
  stable,      // eta <= 8, whatever m
  sequential,  // eta <= 8 + 2 sqrt(m)
  unstable,    // more than that
};

inline constexpr std::array kGrades = {Grade::correct, Grade::faithful,
                                       Grade::stable, Grade::sequential,
                                       Grade::unstable};

std::string_view to_string(Grade grade);
std::optional<Grade> parse_grade(std::string_view name);

// The largest eta of a grade, for values that sum m inputs. Infinite for
// unstable. Grades better than stable do not depend on eta; their limit is that
// of stable.
double eta_limit(Grade grade, double m);

// The result for a value, an output or a case, worst last. A case has the worst
// verdict of its outputs.
enum class Verdict : std::uint8_t {
  unsupported,
  passed,
  undecided,
  beyond,  // values are wrong, but only where the question is extreme
  missing,
  failed,
};

std::string_view to_string(Verdict verdict);

// Whether a case neither passed nor failed, although it was asked.
constexpr bool is_open(Verdict verdict) {
  return verdict > Verdict::passed && verdict < Verdict::failed;
}

}  // namespace exactbn
