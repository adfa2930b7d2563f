// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "oracles/judge/condition.h"
#include "properties/number.h"

namespace exactbn {

// Whether a bound certainly holds, is certainly void, or must be decided
// exactly.
enum class Bound : std::uint8_t { holds, is_void, open };

// What is known about a channel without exact integers. bounds.md derives it.
struct ChannelEstimate {
  // As ExactBatchNorm::is_number, decided for certain. If false, the numbers
  // below mean nothing.
  bool is_number = false;
  // Reasons for false: a value of the channel is not finite, in x if x is
  // summed, in dy, or in x_dot or ddx; or w = 0 although everything that enters
  // it is finite.
  bool x_is_finite = true;
  bool dy_is_finite = true;
  bool direction_is_finite = true;
  bool root_is_zero = false;
  // Whether sqrt(w) is known: `doubt` is small beside w.
  bool root_is_known = false;
  // Judge::bound_is_void for outputs that are divided by sqrt(w).
  Bound through_w = Bound::open;
  // Statistics of the batch, in place of those of Observation; open with frozen
  // statistics.
  Number mean = Number::open();
  Number var = Number::open();
  // w of the normalization, and a bound of its error.
  Wide w = 0;
  Wide doubt = 0;
};

// 1/sqrt(w) and sqrt(w) of a channel; open if they are not known.
struct Root {
  Number invstd = Number::open();
  Number deviation = Number::open();  // 1 / invstd
};

// The estimates of every channel of a valid problem. The problem and the
// declaration must outlive this object. For one thread.
class Estimates {
 public:
  // If `other`, which must have the same declaration, has the same x, its sums
  // of x are reused: most problems that laws ask change another input.
  Estimates(const Problem& problem, const Declaration& declaration,
            const Estimates* other = nullptr);

  const ChannelEstimate& channel(std::int64_t c) const {
    return channels_[static_cast<std::size_t>(c)];
  }
  const Root& root(std::int64_t c) const {
    if (roots_.empty()) add_roots();
    return roots_[static_cast<std::size_t>(c)];
  }

  // Whether the estimates from x hold for that problem too.
  bool has_x_of(const Problem& problem) const;

  // Lower bounds of the tolerance of each value of an output at `eta`
  // (Judge::tolerance); 0 in a channel that is no number or whose root is not
  // known.
  PooledVector<Wide> least_tolerances(Output output, double eta) const;

  // Whether tolerances are worth computing for answers in a format: not if sums
  // round much less than results.
  bool is_worth_a_tolerance(DType dtype) const;

 private:
  // The magnitudes of one value of each tensor.
  struct ValueSizes {
    Wide x = 0;
    Wide xhat = 0;
    Wide dy = 0;
    Wide u = 0;
  };
  void add_roots() const;
  // Lower bounds of the sizes of a channel; 0 for sums that may cancel.
  const ChannelSizes& sizes(std::int64_t c) const;
  void add_values(std::int64_t c, Wide s) const;
  void add_sums(ChannelSizes& ch, std::int64_t c) const;

  const Problem& problem_;
  ChannelView view_;
  bool by_batch_;
  DType working_;
  const Tensor* dy_;
  const Tensor* u_;
  PooledVector<ChannelEstimate> channels_;
  // Computed on first use.
  mutable PooledVector<Root> roots_;
  mutable PooledVector<ChannelSizes> sizes_;  // m is 0 until computed
  mutable PooledVector<ValueSizes> values_;   // of channels with sizes_
};

// The bits to which every number within doubt() of mid() rounds, if they are
// the same for all. For f64 and f32.
std::optional<std::uint64_t> surely_rounded(const Number& number, DType dtype);

// Whether certainly no number within doubt() of mid() is a value of the format.
// For f64 and f32.
bool surely_not_held(const Number& number, DType dtype);

}  // namespace exactbn
