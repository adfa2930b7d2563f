// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "oracles/diagnose.h"

namespace exactbn {

// A wrong formula that an output of a subject follows.
struct WrongFormula {
  Operation operation = Operation::forward_training;
  std::set<Output> outputs;
  std::string what;                    // "gamma is squared"
  std::vector<std::size_t> explained;  // indices of cases in the run
  // Failed cases of these outputs that follow another formula, and cases that
  // passed although this one would fail them.
  std::vector<std::size_t> missed;
  std::vector<std::size_t> elsewhere;
  std::string only_where;  // the rule that separates the two, or empty
  // "the values of a plane left after blocks of 4", if only those fail.
  std::string only_at;

  bool operator==(const WrongFormula&) const = default;
};

// The formulas that explain failed cases of a run: the right one with one or
// two changes (formula/slots.h). For each value that fails, the formula must
// give it, up to the error that the right formula may have there. So the
// subject's arithmetic does not matter, nor do cases that are too
// ill-conditioned to tell. For each output of each operation there are at most
// three, and the first explains most cases.
std::vector<WrongFormula> wrong_formulas(std::span<const Observed> run,
                                         const Declaration& declaration);

}  // namespace exactbn
