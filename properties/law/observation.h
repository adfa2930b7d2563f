// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <limits>
#include <list>
#include <optional>

#include "oracles/judge.h"
#include "properties/estimate.h"

namespace exactbn {

// What an interval is as wide as, each more costly than the one before: the
// numbers of the first two are those of a filter (number.h).
enum class Layer : std::uint8_t {
  ulp,        // what is faithful
  tolerance,  // with what the estimates say of the condition
  judge,      // all that the oracle lets pass
};

// A value of an answer in a filter, and how far the right one may be from it at
// least: not at all known where that is infinite, and NaN where it is open
// whether it is. Laws that only compare values need no other numbers.
struct Estimated {
  double value = 0;
  double radius = std::numeric_limits<double>::infinity();

  bool is_unknown() const {
    return radius == std::numeric_limits<double>::infinity();
  }
  Number number(bool narrow) const {
    if (radius < std::numeric_limits<double>::infinity()) {
      return narrow ? Number::narrow(value, radius)
                    : Number::within(value, radius);
    }
    return is_unknown() ? Number::unknown() : Number::open();
  }
};

// Values of an output or an input, one after the other: of numbers, of those of
// a filter, or of doubles that are what they are.
class Column {
 public:
  explicit Column(const PooledVector<Number>& numbers)
      : numbers_(numbers.data()) {}
  Column(const PooledVector<Estimated>& estimated, bool narrow)
      : estimated_(estimated.data()), narrow_(narrow) {}
  Column(const PooledVector<double>& values, bool narrow)
      : values_(values.data()), narrow_(narrow) {}

  Number operator()(std::int64_t i) const {
    if (estimated_) return estimated_[i].number(narrow_);
    if (!values_) return numbers_[i];
    const double value = values_[i];
    if (!std::isfinite(value)) return Number::unknown();
    return narrow_ ? Number::narrow(value) : Number(value);
  }

 private:
  const Number* numbers_ = nullptr;
  const Estimated* estimated_ = nullptr;
  const double* values_ = nullptr;
  bool narrow_ = false;
};

// A problem that was put to a subject and what came back, as numbers that laws
// calculate with. Each value of the answer is an interval: as wide as the grade
// lets the value be off, so that the right value lies in it wherever the value
// passes. bounds.md has the argument. For one thread.
class Observation {
 public:
  // The declaration must outlive this object, and so must another that spares
  // it what is the same in both.
  Observation(Case question, Answer answer, const Declaration& declaration,
              Grade required, Layer layer, const Observation* other = nullptr);
  // Answered by the definition itself, with exact numbers.
  Observation(Problem problem, const Declaration& declaration);
  Observation(const Observation&) = delete;
  Observation& operator=(const Observation&) = delete;

  const Case& question() const { return question_; }
  const Problem& problem() const { return question_.problem; }
  const Answer& answer() const { return answer_; }
  const ChannelView& view() const { return view_; }
  std::int64_t m() const { return view_.count(); }

  // Whose numbers these are from now on.
  void use(Layer layer) { layer_ = layer; }
  bool filters() const { return layer_ != Layer::judge && !by_definition_; }

  // Whether the output is there.
  bool has(Output output) const;

  // An output that is there. Unknown where the right value is no number or
  // nothing can be said of it, and where the answer is infinite. A column is
  // there until the numbers are those of another layer.
  Column out(Output output) const {
    return filters() ? Column(estimated_out(output), has_narrow(output))
                     : Column(outs(output));
  }

  // An input; one that is absent is what stands for it everywhere. Unknown
  // where it is no number.
  Column in(Input input) const;
  Column gamma() const { return in(Input::gamma); }
  Column beta() const { return in(Input::beta); }
  Number epsilon() const;
  // The weight of the new statistic times weight_scale().
  Number weight_new() const;
  double weight_scale() const;

  // What is right for a channel: mean and biased variance of its batch, and
  // 1 / sqrt(w) of what normalizes. Unknown where the channel is no number.
  Number mean(std::int64_t c) const;
  Number var(std::int64_t c) const;
  Number invstd(std::int64_t c) const;

  // How far beyond half an ulp the right value may be, at most, with the grade
  // that is required; less than 0 where nothing can be said.
  Wide tolerance(Output output, std::int64_t i) const;

  // Sums a channel when it is first asked about it.
  const Judge& judge() const;
  const Estimates& estimates() const;
  const ChannelEstimate& estimate(std::int64_t c) const {
    return estimates().channel(c);
  }

  // The same in a filter; `plainly` without any tolerance.
  const PooledVector<Estimated>& estimated_out(Output output,
                                               bool plainly = false) const;

  // At most `tolerance`, of an output whose bound holds in the channel; 0 where
  // nothing is known.
  Wide least_tolerance(Output output, std::int64_t i) const;

 private:
  // What is asked of one value after the other.
  template <class Name, class Value>
  struct Named {
    Name name;
    PooledVector<Value> values;
  };
  // A list, as there are few: to make and to end an array of all that there
  // might be takes longer than to look.
  template <class Name, class Value>
  using Columns = std::list<Named<Name, Value>, Pooled<Named<Name, Value>>>;
  // The one of that name, which is made where there is none.
  template <class Name, class Value, class Make>
  static const PooledVector<Value>& column(Columns<Name, Value>& all, Name name,
                                           const Make& make) {
    for (const Named<Name, Value>& known : all) {
      if (known.name == name) return known.values;
    }
    all.push_back({name, make()});
    return all.back().values;
  }
  bool has_narrow(Output output) const {
    return answer_.outputs.find(output)->second.dtype() != DType::f64;
  }
  // Known of the channel.
  Number estimated(std::int64_t c, const Number& number) const;
  // Every element of an output, other than in a filter.
  const PooledVector<Number>& outs(Output output) const;
  PooledVector<double> in_values(Input input) const;
  PooledVector<Number> out_by_definition(Output output) const;
  PooledVector<Estimated> new_estimated(Output output, bool tolerates) const;
  PooledVector<Number> out_as_judged(Output output, const Tensor& got) const;
  bool is_without_number(Output output, std::int64_t i,
                         bool channel_is_number) const;
  const PooledVector<Wide>& tolerances(Output output) const;
  const PooledVector<Wide>& least_tolerances(Output output) const;
  PooledVector<Wide> new_tolerances(Output output) const;
  Wide allowed(double got, DType dtype, Wide tolerance) const;
  Number about(const Surd& value) const;
  // Of every channel, once.
  template <class Make>
  Number known(PooledVector<Number>& all, std::int64_t c,
               const Make& make) const;

  Case question_;
  Answer answer_;
  const Declaration& declaration_;
  ChannelView view_;
  Grade required_ = Grade::sequential;
  const Observation* other_ = nullptr;
  bool by_definition_ = false;
  bool is_narrow_ = false;  // x is, and so is what a filter says of it
  Layer layer_ = Layer::judge;
  // Made when they are first needed.
  mutable std::optional<Judge> judge_;
  mutable std::optional<Estimates> estimates_;
  mutable Columns<Input, double> inputs_;
  mutable Columns<Input, Number> exact_inputs_;  // by definition
  mutable Columns<Output, Number> outputs_;
  // Without tolerances and with them.
  mutable std::array<Columns<Output, Estimated>, 2> estimated_;
  mutable Columns<Output, Wide> tolerances_;
  mutable Columns<Output, Wide> least_tolerances_;
  mutable PooledVector<Number> means_;
  mutable PooledVector<Number> variances_;
  mutable PooledVector<Number> invstds_;
};

}  // namespace exactbn
