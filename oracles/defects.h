// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "oracles/defects/model.h"
#include "oracles/subject.h"

namespace exactbn {

// A known way to get batch normalization wrong.
struct Defect {
  std::string_view name;    // snake_case
  std::string_view what;    // what is wrong, in one line
  std::string_view thread;  // where it was reported, or empty
  Model model;
  std::string_view family = {};
};

// All defects, family by family.
std::span<const Defect> defects();

// Null if no defect has the name.
const Defect* find_defect(std::string_view name);

// What a subject with the defect answers. A defect of the arithmetic has one
// answer for each order of summation, which shows how far the order alone moves
// the answer; the first is the answer of DefectSubject. A defect that needs an
// earlier call answers as after a call with the same problem.
std::vector<Answer> defect_answers(const Defect& defect,
                                   const Problem& problem);

// Correct except for one defect. Everything else is computed in at least 64
// bits and rounded once, so that nothing but the defect can fail.
class DefectSubject : public Subject {
 public:
  // The defect must outlive this object.
  explicit DefectSubject(const Defect& defect);
  const Declaration& declaration() const override { return declaration_; }
  Answer answer(const Case& c) override;

 private:
  const Defect& defect_;
  Declaration declaration_;
  Memory memory_;
};

}  // namespace exactbn
