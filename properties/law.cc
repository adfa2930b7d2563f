// SPDX-License-Identifier: Apache-2.0
#include "properties/law.h"

#include <fmt/format.h>

#include <cmath>

#include "properties/law_families.h"

namespace exactbn {

namespace {

// Subjects are told nothing of what a problem is for.
Case question(const Problem& problem) { return {"property", problem, {}}; }

bool is_allowed(const Declaration& declaration, const Problem& problem) {
  try {
    require_valid(problem);
  } catch (const InvalidProblem&) {
    return false;
  }
  return !why_unsupported(declaration, problem);
}

}  // namespace

Trial::Trial(Subject& subject, const Declaration& declaration,
             const Problem& problem, Grade required)
    : subject_(&subject), declaration_(&declaration), required_(required) {
  asked_.emplace_back(problem, subject.answer(question(problem)), *declaration_,
                      required);
}

Trial::Trial(const Declaration& declaration, const Problem& problem)
    : declaration_(&declaration) {
  asked_.emplace_back(problem, declaration);
}

const Asked* Trial::ask(Problem problem) {
  if (!is_allowed(*declaration_, problem)) return nullptr;
  if (!subject_) {
    asked_.emplace_back(std::move(problem), *declaration_);
    return &asked_.back();
  }
  Answer answer = subject_->answer(question(problem));
  if (answer.kind != Answer::Kind::outputs) return nullptr;
  asked_.emplace_back(std::move(problem), std::move(answer), *declaration_,
                      required_);
  return &asked_.back();
}

void Trial::judge(bool holds, bool unknown, const Number& number,
                  std::string_view output, std::int64_t i) {
  if (broken()) return;
  any_ = true;
  unknown_ = unknown_ || unknown;
  if (holds) return;
  Violation v;
  v.output = output;
  v.index = i;
  v.text = fmt::format("off by {:.6g}, of which rounding excuses {:.3g}",
                       static_cast<double>(number.mid()),
                       static_cast<double>(number.radius()));
  for (const Asked& asked : asked_) v.problems.push_back(asked.problem());
  violation_ = std::move(v);
}

void Trial::zero(const Number& number, std::string_view output,
                 std::int64_t i) {
  judge(number.may_be_zero(), number.is_unknown(), number, output, i);
}

void Trial::not_negative(const Number& number, std::string_view output,
                         std::int64_t i) {
  judge(number.may_be_positive_or_zero(), number.is_unknown(), number, output,
        i);
}

namespace {

// Where two answers differ in a bit; empty where they do not.
std::string difference(const Answer& a, const Answer& b, std::string& output,
                       std::int64_t& index) {
  if (a.kind != b.kind) return "first answered, then not, or the other way";
  for (const auto& [name, first] : a.outputs) {
    const auto it = b.outputs.find(name);
    output = name;
    if (it == b.outputs.end() || it->second.dtype() != first.dtype() ||
        it->second.shape() != first.shape()) {
      return "an output is there, or of this format, only sometimes";
    }
    for (index = 0; index < first.size(); ++index) {
      const std::uint64_t was = first.bits(index);
      const std::uint64_t is = it->second.bits(index);
      if (was == is ||
          (is_nan(was, first.dtype()) && is_nan(is, first.dtype()))) {
        continue;
      }
      return fmt::format("first {}, then {}", to_hexfloat(was, first.dtype()),
                         to_hexfloat(is, first.dtype()));
    }
  }
  return {};
}

}  // namespace

void Trial::repeat(const Problem& problem, const Answer& before) {
  if (broken() || !subject_) return;
  any_ = true;
  const Answer now = subject_->answer(question(problem));
  Violation v;
  v.text = difference(before, now, v.output, v.index);
  if (v.text.empty()) return;
  for (const Asked& asked : asked_) v.problems.push_back(asked.problem());
  v.problems.push_back(problem);
  violation_ = std::move(v);
}

Holds Trial::finish(std::optional<Violation>& violation) {
  const Holds result = violation_ ? Holds::no
                       : !any_    ? Holds::not_applicable
                       : unknown_ ? Holds::undecided
                                  : Holds::yes;
  violation = std::move(violation_);
  violation_.reset();
  any_ = false;
  unknown_ = false;
  while (asked_.size() > 1) asked_.pop_back();
  return result;
}

namespace {

std::vector<Law> all_families() {
  struct Family {
    std::string_view name;
    std::span<const Law> laws;
  };
  const Family families[] = {
      {"statistics", statistics_laws()},  {"invariance", invariance_laws()},
      {"gradients", gradient_laws()},     {"second order", second_order_laws()},
      {"running", running_laws()},        {"modes", mode_laws()},
      {"composition", composition_laws()}};
  std::vector<Law> all;
  for (const Family& family : families) {
    for (Law law : family.laws) {
      law.family = family.name;
      all.push_back(law);
    }
  }
  return all;
}

}  // namespace

std::span<const Law> laws() {
  static const std::vector<Law> all = all_families();
  return all;
}

const Law* find_law(std::string_view name) {
  for (const Law& law : laws()) {
    if (law.name == name) return &law;
  }
  return nullptr;
}

Holds check(const Law& law, Trial& trial, std::optional<Violation>& violation) {
  violation.reset();
  if (!law.applies(trial.base().problem())) return Holds::not_applicable;
  law.check(trial);
  const Holds result = trial.finish(violation);
  if (violation) violation->law = law.name;
  return result;
}

}  // namespace exactbn
