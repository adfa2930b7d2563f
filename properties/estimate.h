// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "oracles/judge/condition.h"
#include "properties/number.h"

namespace exactbn {

// Whether a bound is surely one, surely void, or a calculation decides.
enum class Bound : std::uint8_t { holds, is_void, open };

// What is known of a channel without exact integers. bounds.md derives it.
struct ChannelEstimate {
  // As ExactBatchNorm::is_number, which this decides; the numbers mean nothing
  // where it is not.
  bool is_number = false;
  // Why it may not be: an input of the channel that is not finite, x where it
  // is summed, dy, or x_dot and ddx; or w = 0 where all that enters is finite.
  bool x_is_finite = true;
  bool dy_is_finite = true;
  bool direction_is_finite = true;
  bool root_is_zero = false;
  // Whether sqrt(w) is known: the doubt in w is small.
  bool root_is_known = false;
  // As Judge::bound_is_void, for outputs that are divided by sqrt(w).
  Bound through_w = Bound::open;
  // Of the batch, open with frozen statistics: they stand for what Observation
  // says of them.
  Number mean = Number::open();
  Number var = Number::open();
  // What normalizes: w, and what it may be off by.
  Wide w = 0;
  Wide doubt = 0;
};

// sqrt(w) of a channel that is a number: they are open where it is not known.
struct Root {
  Number invstd = Number::open();
  Number deviation = Number::open();  // 1 / invstd
};

// Of every channel of a problem, which is valid and outlives this object, as
// the declaration does. For one thread.
class Estimates {
 public:
  // Another with the same declaration spares the sums of x where it has the
  // same x: most of what laws ask changes something else.
  Estimates(const Problem& problem, const Declaration& declaration,
            const Estimates* other = nullptr);

  const ChannelEstimate& channel(std::int64_t c) const {
    return channels_[static_cast<std::size_t>(c)];
  }
  const Root& root(std::int64_t c) const {
    if (roots_.empty()) add_roots();
    return roots_[static_cast<std::size_t>(c)];
  }

  // Whether what is known of x in that problem is so in this one.
  bool has_x_of(const Problem& problem) const;

  // At most what each value of an output may be off beyond half an ulp at that
  // eta (Judge::tolerance); 0 in a channel that is no number or whose root is
  // not known.
  PooledVector<Wide> least_tolerances(Output output, double eta) const;

  // Whether such a tolerance is worth its calculation, for answers in a format:
  // not where a sum rounds much less than its result.
  bool is_worth_a_tolerance(DType dtype) const;

 private:
  // Of one value.
  struct ValueSizes {
    Wide x = 0;
    Wide xhat = 0;
    Wide dy = 0;
    Wide u = 0;
  };
  void add_roots() const;
  // At least those of the channel; 0 where sums may cancel.
  const ChannelSizes& sizes(std::int64_t c) const;
  void add_values(std::int64_t c, Wide s) const;
  void add_sums(ChannelSizes& of, std::int64_t c) const;

  const Problem& problem_;
  ChannelView view_;
  bool by_batch_;
  DType working_;
  const Tensor* dy_;
  const Tensor* u_;
  PooledVector<ChannelEstimate> channels_;
  // Made when they are first needed.
  mutable PooledVector<Root> roots_;
  mutable PooledVector<ChannelSizes> sizes_;  // m is 0 where it is not known
  mutable PooledVector<ValueSizes> values_;   // of channels whose sizes are
};

// The bits that a number rounds to which is within doubt() of mid(), where they
// are the same for all of them. For f64 and f32.
std::optional<std::uint64_t> surely_rounded(const Number& number, DType dtype);

// Whether f64, or f32, surely does not hold a number that is within doubt() of
// mid().
bool surely_not_held(const Number& number, DType dtype);

}  // namespace exactbn
