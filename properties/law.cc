// SPDX-License-Identifier: Apache-2.0
#include "properties/law.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "oracles/format_names.h"
#include "properties/law/answer_difference.h"
#include "properties/law/families.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// Subjects do not learn the purpose of a problem.
Case question(Problem problem) { return {"property", std::move(problem), {}}; }

}  // namespace

std::string place_of(const Violation& violation) {
  if (!violation.output) return {};
  return fmt::format("{}[{}]", *violation.output, violation.index);
}

Trial::Trial(Subject& subject, const Declaration& declaration, Problem problem,
             Grade required, Filter filter)
    : subject_(&subject),
      declaration_(&declaration),
      required_(required),
      filter_(filter) {
  const StandardEnvironment environment;
  Case first = question(std::move(problem));
  Answer answer = answer_of(subject, first);
  observations_.emplace_back(std::move(first), std::move(answer), *declaration_,
                             required_, layer_);
}

Trial::Trial(const Declaration& declaration, Problem problem)
    : declaration_(&declaration) {
  const StandardEnvironment environment;
  observations_.emplace_back(std::move(problem), declaration);
}

const Observation* Trial::ask(Problem problem) {
  const StandardEnvironment environment;
  if (next_ask_ < asks_.size()) return asks_[next_ask_++];
  ++next_ask_;
  asks_.push_back(nullptr);
  if (!may_be_asked(*declaration_, problem)) return nullptr;
  if (!subject_) {
    observations_.emplace_back(std::move(problem), *declaration_);
    return asks_.back() = &observations_.back();
  }
  Case next = question(std::move(problem));
  Answer answer = answer_of(*subject_, next);
  if (answer.kind != Answer::Kind::outputs) return nullptr;
  observations_.emplace_back(std::move(next), std::move(answer), *declaration_,
                             required_, layer_, &base());
  return asks_.back() = &observations_.back();
}

// Lists all problems asked so far.
Violation Trial::violation_of(std::optional<Output> output, std::int64_t i,
                              std::string text) const {
  Violation v;
  v.output = output;
  v.index = i;
  v.text = std::move(text);
  v.problems.push_back(base().problem());
  for (std::size_t k = 0; k < next_ask_; ++k) {
    if (asks_[k]) v.problems.push_back(asks_[k]->problem());
  }
  return v;
}

void Trial::break_at(Number number, Output output, std::int64_t i) {
  violation_ = violation_of(output, i,
                            fmt::format("off by {:.6g}; rounding allows {:.3g}",
                                        static_cast<double>(number.mid()),
                                        static_cast<double>(number.radius())));
}

void Trial::repeat() {
  if (!subject_) return;
  if (next_repeat_ == repeats_.size()) {
    repeats_.push_back(answer_of(*subject_, base().question()));
  }
  const Answer& now = repeats_[next_repeat_++];
  if (broken()) return;
  any_ = true;
  law::AnswerDifference found = law::difference(base().answer(), now);
  if (found.text.empty()) return;
  open_ = true;
  if (layer_ != Layer::judge) return;
  violation_ = violation_of(found.output, found.index, std::move(found.text));
  violation_->problems.push_back(base().problem());
}

const Answer* Trial::answer_in(const Surroundings& surroundings) {
  if (!subject_) return nullptr;
  if (next_surroundings_ == std::ssize(other_surroundings_)) {
    std::optional<Answer> answer;
    try {
      answer = answer_of(*subject_, base().question(), surroundings);
    } catch (const SubjectFailure& failure) {
      crashed_ = true;
      answer = {Answer::Kind::error, failure.what(), {}};
    }
    other_surroundings_.push_back(std::move(answer));
  }
  const std::optional<Answer>& known =
      *std::next(other_surroundings_.begin(), next_surroundings_++);
  return known ? &*known : nullptr;
}

void Trial::require(bool holds, std::optional<Output> output, std::int64_t i,
                    const std::string& text) {
  if (broken()) return;
  any_ = true;
  if (holds) return;
  open_ = true;
  if (layer_ != Layer::judge) return;
  violation_ = violation_of(output, i, text);
  violation_->crashed = crashed_;
}

void Trial::unknown() {
  any_ = true;
  unknown_ = true;
}

void Trial::evaluate(const Law& law, Layer layer) {
  layer_ = layer;
  for (Observation& observation : observations_) observation.use(layer);
  next_ask_ = 0;
  next_repeat_ = 0;
  next_surroundings_ = 0;
  any_ = false;
  unknown_ = false;
  open_ = false;
  law.check(*this);
}

void Trial::forget() {
  asks_.clear();
  repeats_.clear();
  other_surroundings_.clear();
  crashed_ = false;
  while (observations_.size() > 1) observations_.pop_back();
}

// New answers are compared with the one that the law saw, unless the law itself
// repeats a question, to find what earlier calls change: then with a new one,
// and the first, which may depend on those calls, does not count.
bool Trial::answers_differ() {
  if (!subject_) return false;
  const bool repeats = !repeats_.empty() || !other_surroundings_.empty();
  const auto differs = [&](const Observation& asked) {
    const Case& question = asked.question();
    if (!repeats) {
      return law::differs_again(*subject_, question, asked.answer());
    }
    answer_of(*subject_, question);
    return law::differs_again(*subject_, question,
                              answer_of(*subject_, question));
  };
  return std::any_of(observations_.begin(), observations_.end(), differs);
}

LawResult Trial::check(const Law& law, std::optional<Violation>& violation) {
  const StandardEnvironment environment;
  violation.reset();
  other_bits_ = false;
  differs_ = false;
  if (!law.applies(base().problem())) return LawResult::not_applicable;
  const ExactNumbers::Use use(exact_);
  forget();
  // Each layer reuses the same answers with other numbers.
  bool open = true;
  if (filter_ == Filter::on) {
    evaluate(law, Layer::ulp);
    if (open_) evaluate(law, Layer::tolerance);
    open = open_;
  }
  if (open) evaluate(law, Layer::judge);
  ++(open ? counts_.by_judge : counts_.by_filter);
  if (violation_ && !violation_->crashed && answers_differ()) {
    differs_ = true;
    unknown_ = true;
    violation_.reset();
  }
  const LawResult result = violation_ ? LawResult::broken
                           : !any_    ? LawResult::not_applicable
                           : unknown_ ? LawResult::undecided
                                      : LawResult::held;
  violation = std::move(violation_);
  violation_.reset();
  if (violation) violation->law = law.name;
  forget();
  return result;
}

namespace {

std::vector<Law> all_families() {
  struct Family {
    std::string_view name;
    std::span<const Law> laws;
  };
  const Family families[] = {{"statistics", law::statistics_laws()},
                             {"invariance", law::invariance_laws()},
                             {"gradients", law::gradient_laws()},
                             {"second order", law::second_order_laws()},
                             {"running", law::running_laws()},
                             {"modes", law::mode_laws()},
                             {"modes", law::surroundings_laws()},
                             {"composition", law::composition_laws()}};
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

LawResult check(const Law& law, Trial& trial,
                std::optional<Violation>& violation) {
  return trial.check(law, violation);
}

}  // namespace exactbn
