// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "oracles/subject.h"
#include "properties/number.h"

namespace exactbn {

// Whether a bound is surely one, surely void, or a calculation decides.
enum class Bound : std::uint8_t { holds, is_void, open };

// What is known of a channel without exact integers. bounds.md derives it.
struct ChannelEstimate {
  // As ExactBatchNorm::is_number, which this decides; nothing else means
  // anything where it is not.
  bool is_number = false;
  // Of the batch (open with frozen statistics), and of what normalizes: they
  // stand for what Asked says of them.
  Number mean = Number::open();
  Number var = Number::open();
  Number invstd = Number::open();
  Number deviation = Number::open();  // 1 / invstd
  // As Judge::bound_is_void, for outputs that are divided by sqrt(w).
  Bound through_w = Bound::open;
};

// Of every channel of a problem, which is valid and outlives this object, as
// the declaration does. For one thread.
class Estimates {
 public:
  Estimates(const Problem& problem, const Declaration& declaration);

  const ChannelEstimate& channel(std::int64_t c) const {
    return channels_[static_cast<std::size_t>(c)];
  }

  // At most Condition::linear of value i of an output, in a channel that is a
  // number and whose invstd is not open, times u.
  Wide least_condition(std::string_view output, std::int64_t i) const;

  // Whether such a tolerance is worth its calculation, for answers in a format:
  // not where a sum rounds much less than its result.
  bool is_worth_a_tolerance(DType dtype) const;

 private:
  // What the conditions of a channel are made of: means of magnitudes, of dy
  // or of the direction.
  struct Factor {
    Wide size = 0;
    Wide x = 0;
    Wide xhat = 0;
  };
  struct Magnitudes {
    bool known = false;
    Wide mean = 0;  // |mean|
    Wide a = 0;     // mean |x|, or |running_mean|
    Wide v = 0;
    Wide s = 0;
    Wide k = 0;  // at most what w moves by
    Wide gamma = 0;
    Wide beta = 0;
    Wide along_gamma = 0;
    Wide along_beta = 0;
    Factor dy;
    Factor u;
    Wide udy = 0;
  };
  // Of one value.
  struct Sizes {
    Wide x = 0;
    Wide xhat = 0;
    Wide dy = 0;
    Wide u = 0;
  };
  const Magnitudes& magnitudes(std::int64_t c) const;
  void add_sums(Magnitudes& of, std::int64_t c) const;
  Sizes sizes(std::int64_t c, std::int64_t i) const;
  Wide parameter(std::string_view name, std::int64_t c, Wide absent) const;
  Wide of_channel(std::string_view output, std::int64_t c) const;

  const Problem& problem_;
  ChannelView view_;
  bool by_batch_;
  DType working_;
  const Tensor* dy_;
  const Tensor* u_;
  std::vector<ChannelEstimate> channels_;
  mutable std::vector<Magnitudes> magnitudes_;
};

// The bits that a number rounds to which is within doubt() of mid(), where they
// are the same for all of them. For f64 and f32.
std::optional<std::uint64_t> surely_rounded(const Number& number, DType dtype);

// Whether f64, or f32, surely does not hold a number that is within doubt() of
// mid().
bool surely_not_held(const Number& number, DType dtype);

}  // namespace exactbn
