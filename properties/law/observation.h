// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <limits>
#include <list>
#include <optional>

#include "oracles/judge.h"
#include "properties/estimate.h"

namespace exactbn {

// What determines the width of an interval; each layer costs more than the one
// before. The first two layers are filters (number.h).
enum class Layer : std::uint8_t {
  ulp,        // an error below one ulp
  tolerance,  // with estimated tolerances
  judge,      // every error that the oracle passes
};

// A value of an answer in a filter. `radius` is a lower bound of its permitted
// distance from the right value: infinite if the right value is unknown, NaN if
// it is open whether it is known. Laws that only compare values need no other
// numbers.
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

// The values of an output or an input: numbers, estimates of a filter, or exact
// doubles.
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

// A problem and a subject's answer to it, as numbers for the equations of laws.
// Each value of the answer is an interval as wide as the errors that the grade
// permits, so that it contains the right value if the value passes. bounds.md
// derives this. For one thread.
class Observation {
 public:
  // The declaration must outlive this object, and so must `other`, whose
  // estimates it reuses if both have the same x.
  Observation(Case question, Answer answer, const Declaration& declaration,
              Grade required, Layer layer, const Observation* other = nullptr);
  // Answers the problem by the definition, with exact numbers.
  Observation(Problem problem, const Declaration& declaration);
  Observation(const Observation&) = delete;
  Observation& operator=(const Observation&) = delete;

  const Case& question() const { return question_; }
  const Problem& problem() const { return question_.problem; }
  const Answer& answer() const { return answer_; }
  const ChannelView& view() const { return view_; }
  std::int64_t m() const { return view_.count(); }

  // Selects the layer of all numbers from now on.
  void use(Layer layer) { layer_ = layer; }
  bool filters() const { return layer_ != Layer::judge && !by_definition_; }

  // Whether the answer has the output and the declaration offers it.
  bool has(Output output) const;

  // An output, which must be present. A number is unknown if the right value is
  // no number or has no bound, or if the answer is not finite. A column is
  // valid until use() selects another layer.
  Column out(Output output) const {
    return filters() ? Column(estimated_out(output), has_narrow(output))
                     : Column(outs(output));
  }

  // An input, with its default value if it is absent. A number is unknown if
  // the value is not finite.
  Column in(Input input) const;
  Column gamma() const { return in(Input::gamma); }
  Column beta() const { return in(Input::beta); }
  Number epsilon() const;
  // The weight of the batch statistic, times weight_scale().
  Number weight_new() const;
  double weight_scale() const;

  // The right values for a channel: mean and biased variance of its batch, and
  // 1 / sqrt(w) of the normalization. Unknown if the channel is no number.
  Number mean(std::int64_t c) const;
  Number var(std::int64_t c) const;
  Number invstd(std::int64_t c) const;

  // The error beyond half an ulp that the required grade permits; negative if
  // there is no bound.
  Wide tolerance(Output output, std::int64_t i) const;

  // A judge that sums each channel on demand.
  const Judge& judge() const;
  const Estimates& estimates() const;
  const ChannelEstimate& estimate(std::int64_t c) const {
    return estimates().channel(c);
  }

  // An output in a filter; without tolerances if `plainly`.
  const PooledVector<Estimated>& estimated_out(Output output,
                                               bool plainly = false) const;

  // A lower bound of `tolerance`, for an output whose bound holds in the
  // channel; 0 if nothing is known.
  Wide least_tolerance(Output output, std::int64_t i) const;

 private:
  // A column and its name.
  template <class Name, class Value>
  struct Named {
    Name name;
    PooledVector<Value> values;
  };
  // A list, because there are few: constructing an array of all possible
  // columns takes longer than searching the list.
  template <class Name, class Value>
  using Columns = std::list<Named<Name, Value>, Pooled<Named<Name, Value>>>;
  // The column of that name, made on first use.
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
  // `number`, or unknown if the channel is no number.
  Number estimated(std::int64_t c, const Number& number) const;
  // Every value of an output, outside filters.
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
  // Element c of `all`, which is first filled with make(channel) for every
  // channel.
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
  bool is_narrow_ = false;  // x is narrow, and so are its numbers in a filter
  Layer layer_ = Layer::judge;
  // Computed on first use.
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
