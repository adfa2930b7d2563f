// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <functional>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "properties/law/observation.h"
#include "reference/rounded.h"

namespace exactbn {

// How a law was broken.
struct Violation {
  std::string law;
  std::optional<Output> output;   // the output that shows it, if any
  std::int64_t index = 0;         // in that output
  std::string text;               // what was found, in one line
  std::vector<Problem> problems;  // all that were asked, the drawn one first
  bool crashed = false;           // the subject crashed in other surroundings
};

// The place as y[3]; empty without an output.
std::string place_of(const Violation& violation);

// The result of a law on a problem.
enum class LawResult : std::uint8_t {
  not_applicable,
  undecided,
  held,
  beyond,  // broken, but only where the question is extreme
  broken,
};

struct Law;

// Filters the equations y = factor x between values of two answers; the factor
// is a power of two. bounds.md has the argument.
class Comparison {
 public:
  // Only multiplies by 1 or more, so that no product becomes subnormal.
  explicit Comparison(double factor)
      : factor_x_(std::fabs(factor) < 1 ? std::copysign(1, factor) : factor),
        factor_y_(std::fabs(factor) < 1 ? 1 / std::fabs(factor) : 1),
        abs_factor_x_(std::fabs(factor_x_)) {}

  void add(const Estimated& x, const Estimated& y) {
    any_ = true;
    if (x.is_unknown() || y.is_unknown()) {
      unknown_ = true;
      return;
    }
    const double error = std::fabs(factor_y_ * y.value - factor_x_ * x.value);
    const double allowed = factor_y_ * y.radius + abs_factor_x_ * x.radius;
    // False for NaN.
    holds_ = holds_ && error <= kLess * allowed && error < kInfinite;
  }

  bool any() const { return any_; }
  bool unknown() const { return unknown_; }
  bool surely_holds() const { return holds_; }

 private:
  static constexpr double kLess = 1 - 0x1p-40;
  static constexpr double kInfinite = std::numeric_limits<double>::infinity();

  double factor_x_;
  double factor_y_;
  double abs_factor_x_;
  bool any_ = false;
  bool unknown_ = false;
  bool holds_ = true;
};

// A problem and everything that laws ask about it. For one thread.
class Trial {
 public:
  // The declaration must outlive this object. Asks the problem at once. Throws
  // SubjectFailure, as does every function that asks. A filter decides most
  // laws; it does not change their results.
  Trial(Subject& subject, const Declaration& declaration, Problem problem,
        Grade required, Filter filter = Filter::on);
  // Uses the definition instead of a subject.
  Trial(const Declaration& declaration, Problem problem);

  // Asks this subject from now on. Give each law a new subject, so that its
  // result does not depend on what other laws asked.
  void use(Subject& subject) { subject_ = &subject; }

  // The problem itself.
  const Observation& base() const { return observations_.front(); }
  const Declaration& declaration() const { return *declaration_; }
  Grade required() const { return required_; }

  // Asks another problem. Null if the subject does not support or refuses it;
  // the law then says nothing. What a law asks must not depend on the results
  // of its equations.
  const Observation* ask(Problem problem);

  // Equations that must hold for value i of an output of the last problem
  // asked. The first broken one ends the law.
  void zero(const Number& number, Output output, std::int64_t i) {
    judge(number.may_be_zero(), number, output, i);
  }
  void not_negative(const Number& number, Output output, std::int64_t i) {
    judge(number.may_be_positive_or_zero(), number, output, i);
  }
  // Adds many equations at once, in a filter.
  void add(const Comparison& comparison) {
    any_ = any_ || comparison.any();
    unknown_ = unknown_ || comparison.unknown();
    open_ = open_ || !comparison.surely_holds();
  }
  // Asks the problem itself again: the answer must have the same bits.
  void repeat();

  // The subject's answer to the problem itself in other surroundings; null if
  // the subject cannot change them. A crash becomes an answer of kind error.
  const Answer* answer_in(const Surroundings& surroundings);
  // A condition that is not an equation; the other arguments say where and why
  // it fails. unknown() marks one that cannot be decided.
  void require(bool holds, std::optional<Output> output = {},
               std::int64_t i = 0, const std::string& text = {});
  void unknown();
  // Notes that bits differ, for a law that allows it.
  void found_other_bits() { other_bits_ = true; }

  // Whether the law is broken and needs no more equations.
  bool broken() const { return violation_.has_value(); }

  // Evaluates the law. Sets the violation if it is broken.
  LawResult check(const Law& law, std::optional<Violation>& violation);

  // Whether the last law evaluated noted different bits.
  bool has_other_bits() const { return other_bits_; }

  // Whether the subject answers its questions differently from run to run: then
  // the law says nothing. Found only where the law seemed to be broken.
  bool differs() const { return differs_; }

  // Number of laws decided by the filter, and of those it left open.
  struct Counts {
    std::uint64_t by_filter = 0;
    std::uint64_t by_judge = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  void judge(bool holds, const Number& number, Output output, std::int64_t i) {
    if (broken()) return;
    any_ = true;
    unknown_ = unknown_ || number.is_unknown();
    if (layer_ != Layer::judge) {
      open_ = open_ || number.is_open() || !holds;
    } else if (!holds) {
      break_at(number, output, i);
    }
  }
  // By value: the caller's number needs no address and stays in registers.
  void break_at(Number number, Output output, std::int64_t i);
  // Evaluates the law with the numbers of a layer.
  void evaluate(const Law& law, Layer layer);
  void forget();
  // Asks all questions of the law again.
  bool answers_differ();
  Violation violation_of(std::optional<Output> output, std::int64_t i,
                         std::string text) const;

  Subject* subject_ = nullptr;  // null: the definition
  ExactNumbers exact_;          // numbers of the definition
  const Declaration* declaration_;
  Grade required_ = Grade::sequential;
  Filter filter_ = Filter::off;
  // Everything asked, without what was refused.
  std::list<Observation, Pooled<Observation>> observations_;
  // The questions of the law and their answers, kept for the next layer, and
  // the position of the current layer in each list.
  PooledVector<const Observation*> asks_;
  PooledVector<Answer> repeats_;
  std::list<std::optional<Answer>, Pooled<std::optional<Answer>>>
      other_surroundings_;
  std::size_t next_ask_ = 0;
  std::size_t next_repeat_ = 0;
  std::ptrdiff_t next_surroundings_ = 0;
  bool crashed_ = false;  // in other surroundings
  bool other_bits_ = false;
  bool differs_ = false;
  Layer layer_ = Layer::judge;
  bool open_ = false;  // the filter cannot decide
  bool any_ = false;
  bool unknown_ = false;
  std::optional<Violation> violation_;
  Counts counts_;
};

// A statement that holds for batch normalization on all numbers.
struct Law {
  std::string_view name;  // snake_case
  std::string_view statement;
  std::string_view source;
  std::string_view failure;  // what a violation means
  bool (*applies)(const Problem& problem);
  void (*check)(Trial& trial);
  std::string_view family = {};
};

// All laws, family by family.
std::span<const Law> laws();

// Null if there is no law of that name.
const Law* find_law(std::string_view name);

// Checks the law on the subject's answers. Sets the violation if it is broken.
LawResult check(const Law& law, Trial& trial,
                std::optional<Violation>& violation);

}  // namespace exactbn
