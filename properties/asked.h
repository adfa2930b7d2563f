// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <list>
#include <optional>
#include <string_view>

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

// A problem that was put to a subject and what came back, as numbers that laws
// calculate with. Each value of the answer is an interval: as wide as the grade
// lets the value be off, so that the right value lies in it wherever the value
// passes. bounds.md has the argument. For one thread.
class Asked {
 public:
  // The declaration must outlive this object.
  Asked(Case question, Answer answer, const Declaration& declaration,
        Grade required, Layer layer);
  // Answered by the definition itself, with exact numbers.
  Asked(Problem problem, const Declaration& declaration);
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  const Problem& problem() const { return question_.problem; }
  const Answer& answer() const { return answer_; }
  const ChannelView& view() const { return view_; }
  std::int64_t m() const { return view_.count(); }

  // Whose numbers these are from now on.
  void use(Layer layer) { layer_ = layer; }
  bool filters() const { return layer_ != Layer::judge && !by_definition_; }

  // Whether the output is there.
  bool has(std::string_view output) const;

  // Element i of an output that is there. Unknown where the right value is no
  // number or nothing can be said of it, and where the answer is infinite.
  Number out(std::string_view output, std::int64_t i) const;

  // Element i of an input; one that is absent has `absent` everywhere. Unknown
  // where it is no number.
  Number in(std::string_view input, std::int64_t i, double absent = 0) const;
  Number gamma(std::int64_t c) const { return in("gamma", c, 1); }
  Number beta(std::int64_t c) const { return in("beta", c, 0); }
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
  Wide tolerance(std::string_view output, std::int64_t i) const;

  const Judge& judge() const;
  const Estimates& estimates() const;
  const ChannelEstimate& estimate(std::int64_t c) const {
    return estimates().channel(c);
  }

  // Every element of an output, as `out` has them.
  const std::vector<Number>& outs(std::string_view output) const;
  // At most `tolerance`, of an output whose bound holds in the channel.
  Wide least_tolerance(std::string_view output, std::int64_t i) const;

 private:
  // What is asked of one value after the other.
  struct Column {
    std::string_view name;
    const Tensor* tensor = nullptr;
    std::vector<Number> values;
  };
  using Columns = std::list<Column>;
  struct Tolerances {
    std::string_view name;
    std::vector<Wide> values;
  };
  static const Column* find(const Columns& columns, std::string_view name);
  std::vector<Number> out_by_definition(std::string_view output) const;
  std::vector<Number> out_in_filter(std::string_view output,
                                    const Tensor& got) const;
  std::vector<Number> out_as_judged(std::string_view output,
                                    const Tensor& got) const;
  std::vector<Number> out_column(std::string_view output) const;
  bool is_without_number(std::string_view output, std::int64_t i,
                         bool channel_is_number) const;
  const std::vector<Wide>& tolerances(std::string_view output) const;
  std::vector<Wide> new_tolerances(std::string_view output) const;
  Wide allowed(double got, DType dtype, Wide tolerance) const;
  Wide least_allowed(std::uint64_t got, DType dtype, Wide tolerance) const;
  Number about(const Surd& value) const;
  // Of every channel, once.
  template <class Make>
  Number known(std::vector<Number>& all, std::int64_t c,
               const Make& make) const;

  Case question_;
  Answer answer_;
  const Declaration& declaration_;
  ChannelView view_;
  Grade required_ = Grade::sequential;
  bool by_definition_ = false;
  Layer layer_ = Layer::judge;
  // Made when they are first needed.
  mutable std::optional<Judge> judge_;
  mutable std::optional<Estimates> estimates_;
  mutable Columns inputs_;
  mutable std::array<Columns, 3> columns_;  // of each layer
  mutable std::list<Tolerances> tolerances_;
  mutable std::vector<Number> means_;
  mutable std::vector<Number> variances_;
  mutable std::vector<Number> invstds_;
};

}  // namespace exactbn
