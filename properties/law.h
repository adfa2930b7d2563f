// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <functional>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "properties/law/asked.h"
#include "reference/rounded.h"

namespace exactbn {

// What a law was broken by.
struct Violation {
  std::string law;
  std::optional<Output> output;  // in which it was seen, if in one, and where
  std::int64_t index = 0;
  std::string text;               // what was found, in a line
  std::vector<Problem> problems;  // all that were asked, the drawn one first
  bool crashed = false;           // the subject did, in other surroundings
};

// Where it was seen, as y[3]; empty where it has no place.
std::string place_of(const Violation& violation);

// What came of a law on a problem.
enum class Holds : std::uint8_t { not_applicable, undecided, yes, no };

struct Law;

// Whether values of two answers agree, one being `factor`, a power of two,
// times the other, as far as a filter can tell. bounds.md has the argument.
class Comparison {
 public:
  // Both sides in the smaller unit: no product is subnormal that was not.
  explicit Comparison(double factor)
      : of_x_(std::fabs(factor) < 1 ? std::copysign(1, factor) : factor),
        of_y_(std::fabs(factor) < 1 ? 1 / std::fabs(factor) : 1),
        size_of_x_(std::fabs(of_x_)) {}

  void add(const Estimated& x, const Estimated& y) {
    any_ = true;
    if (x.is_unknown() || y.is_unknown()) {
      unknown_ = true;
      return;
    }
    const double off = std::fabs(of_y_ * y.value - of_x_ * x.value);
    const double excused = of_y_ * y.radius + size_of_x_ * x.radius;
    // False of NaN.
    holds_ = holds_ && off <= kLess * excused && off < kInfinite;
  }

  bool any() const { return any_; }
  bool unknown() const { return unknown_; }
  bool surely_holds() const { return holds_; }

 private:
  static constexpr double kLess = 1 - 0x1p-40;
  static constexpr double kInfinite = std::numeric_limits<double>::infinity();

  double of_x_;
  double of_y_;
  double size_of_x_;
  bool any_ = false;
  bool unknown_ = false;
  bool holds_ = true;
};

// A problem and all that laws ask about it. For one thread.
class Trial {
 public:
  // The declaration must outlive this object. Asks the problem at once. Throws
  // SubjectFailure, as everything that asks does. A filter decides most laws;
  // what comes of them is the same without it.
  Trial(Subject& subject, const Declaration& declaration, Problem problem,
        Grade required, Filter filter = Filter::on);
  // With the definition in the place of a subject.
  Trial(const Declaration& declaration, Problem problem);

  // Whom to ask from now on: one that was asked nothing yet, so that a law
  // finds the same whatever others have asked.
  void use(Subject& subject) { subject_ = &subject; }

  // The problem itself.
  const Asked& base() const { return asked_.front(); }
  const Declaration& declaration() const { return *declaration_; }
  Grade required() const { return required_; }

  // Another problem; null where the subject does not do such, or refuses it,
  // and then a law says nothing. What a law asks must not depend on what came
  // of its equations.
  const Asked* ask(Problem problem);

  // Equations that must hold, of a value of an output of the last problem that
  // was asked. Once one is broken no more are looked at.
  void zero(const Number& number, Output output, std::int64_t i) {
    judge(number.may_be_zero(), number, output, i);
  }
  void not_negative(const Number& number, Output output, std::int64_t i) {
    judge(number.may_be_positive_or_zero(), number, output, i);
  }
  // The same of many equations at once, in a filter.
  void add(const Comparison& comparison) {
    any_ = any_ || comparison.any();
    unknown_ = unknown_ || comparison.unknown();
    open_ = open_ || !comparison.surely_holds();
  }
  // The answer to the problem itself must have the bits that it had before.
  void repeat();

  // The subject's answer to the problem itself in other surroundings; null
  // where it has no such. One that crashes there answers with an error.
  const Answer* answer_in(const Surroundings& surroundings);
  // What must hold and is no equation; where it does not, where and why. And
  // that of which nothing can be said.
  void fact(bool holds, std::optional<Output> output = {}, std::int64_t i = 0,
            const std::string& text = {});
  void unknown();
  // Notes that a law that lets bits differ found some that do.
  void found_other_bits() { other_bits_ = true; }

  // Whether the law needs no more equations.
  bool broken() const { return violation_.has_value(); }

  // Evaluates the law. Fills the violation where it is broken.
  Holds check(const Law& law, std::optional<Violation>& violation);

  // Whether the last law that was evaluated noted other bits.
  bool has_other_bits() const { return other_bits_; }

  // Laws that the filter decided, and those that it left open.
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
  // By value: the number needs no address elsewhere.
  void break_at(Number number, Output output, std::int64_t i);
  // Evaluates the law once more, or anew, with the numbers of a layer.
  void evaluate(const Law& law, Layer layer);
  void forget();
  Violation violation_of(std::optional<Output> output, std::int64_t i,
                         std::string text) const;

  Subject* subject_ = nullptr;  // null: the definition
  ExactNumbers exact_;          // what that makes
  const Declaration* declaration_;
  Grade required_ = Grade::sequential;
  Filter filter_ = Filter::off;
  // All that were asked; those that were refused have no place.
  std::list<Asked, Pooled<Asked>> asked_;
  // What the law has asked and what came of it, and how far it is in that.
  PooledVector<const Asked*> asks_;
  PooledVector<Answer> repeats_;
  std::list<std::optional<Answer>, Pooled<std::optional<Answer>>> elsewhere_;
  std::size_t next_ask_ = 0;
  std::size_t next_repeat_ = 0;
  std::ptrdiff_t next_elsewhere_ = 0;
  bool crashed_ = false;  // elsewhere
  bool other_bits_ = false;
  Layer layer_ = Layer::judge;
  bool open_ = false;  // the filter cannot tell
  bool any_ = false;
  bool unknown_ = false;
  std::optional<Violation> violation_;
  Counts counts_;
};

// Something that is true of batch normalization, whatever the numbers.
struct Law {
  std::string_view name;  // snake_case
  std::string_view statement;
  std::string_view source;
  std::string_view failure;  // what it means
  bool (*applies)(const Problem& problem);
  void (*check)(Trial& trial);
  std::string_view family = {};
};

// All, family by family.
std::span<const Law> laws();

// Null where none has the name.
const Law* find_law(std::string_view name);

// Whether the law holds for what the subject answers. Fills the violation where
// it does not.
Holds check(const Law& law, Trial& trial, std::optional<Violation>& violation);

}  // namespace exactbn
