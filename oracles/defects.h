// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "oracles/defects/model.h"
#include "oracles/subject.h"

namespace exactbn {

// A way to get batch normalization wrong, as somebody did.
struct Defect {
  std::string_view name;    // snake_case
  std::string_view what;    // what is wrong, in one line
  std::string_view thread;  // where it was reported, or empty
  Model model;
  std::string_view family = {};
};

// All, family by family.
std::span<const Defect> defects();

// Null where none has the name.
const Defect* find_defect(std::string_view name);

// What a subject with the defect answers. A defect of the arithmetic gives an
// answer for each order of summation, so that a reader sees how far the order
// alone moves it; the first is that of DefectSubject. One that shows only after
// another call answers as after a call with the same problem.
std::vector<Answer> defect_answers(const Defect& defect,
                                   const Problem& problem);

// Correct but for one defect. Everything else is computed in 64 bits and more
// and rounded once, so that nothing but the defect can fail.
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
