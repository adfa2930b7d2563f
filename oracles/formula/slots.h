// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reference/operation.h"

// The ways in which a formula of batch normalization may be wrong, as slots of
// one formula with alternatives each. The first alternative is right.
namespace exactbn::formula {

enum class Slot : std::uint8_t {
  inputs,       // as they are read
  values,       // over which statistics are taken
  count,        // what a sum of values is divided by
  var_count,    // what the sum of squares is divided by
  correction,   // the factor of the variance
  deviations,   // what the variance measures deviations from
  epsilon,      // how it enters
  root,         // the power of var + epsilon
  gamma,        // the factor of y and dx
  beta,         // what is added to y
  centre,       // what is subtracted from x in xhat
  dy_values,    // over which dbeta and dgamma are summed
  dy_count,     // what both are divided by in dx
  from_dbeta,   // the factor of dbeta in dx, or of sum x_dot in y_dot
  from_dgamma,  // that of xhat dgamma in dx, or of xhat sum x_dot xhat
  along_gamma,  // the term of the direction of gamma
  along_beta,   // and of beta
  of_u_dy,      // the terms of grad_x: xhat mean(ddx (dy - mean dy))
  of_u_xhat,    // (dy - mean dy) mean(ddx xhat)
  of_dy_xhat,   // (ddx - mean ddx) mean(dy xhat)
  of_product,   // 3 xhat mean(dy xhat) mean(ddx xhat)
  of_u_g,       // The same in three terms, with P(v) = v - mean v - xhat
                // mean(v xhat): xhat mean(ddx P(dy))
  of_g,         // P(dy) mean(ddx xhat)
  of_h,         // P(ddx) mean(dy xhat)
  old_weight,   // of a running statistic
  new_weight,   // of the batch's
  kept,         // what is rounded on the way, and how
  result,       // what is done to the result
};
inline constexpr std::size_t kSlots = 28;

enum class Inputs : std::uint8_t {
  as_given,
  x_as_f32,
  x_as_f16,
  x_as_bf16,
  dy_as_f32,
  dy_as_f16,
  dy_as_bf16,
  parameters_as_x,
  parameters_as_f32,
  parameters_as_f16,
  parameters_as_bf16,
  dy_where_y_is_positive,  // else 0
  dy_where_x_is_positive,
  parameters_of_earlier,  // of the last call with as many channels
  x_in_other_16,          // the bits of f16 read as bf16, and the reverse
  dy_in_other_16,
  parameters_in_other_16,
};
enum class Values : std::uint8_t {
  all,
  without_last,
  without_first,
  first_sample,
  without_last_sample,
  first_half,
  every_second,
  blocks_of_4,  // what is left after whole blocks is left out
  blocks_of_8,
  blocks_of_16,
  blocks_of_32,
  blocks_of_64,
  blocks_of_128,
  blocks_of_256,
  row_blocks_of_2,  // the same, row by row
  row_blocks_of_4,
  row_blocks_of_8,
  row_blocks_of_16,
  without_last_of_4,  // of each four values
  without_last_of_8,
  last_twice,
  row_overlap_of_4,  // whole blocks; the last one begins earlier
  row_overlap_of_8,
  row_overlap_of_16,
  channel_before,
  channel_after,
  first_channel,
  last_channel,
  all_channels,
  last_sample,
  second_half,
  last_forward,  // of an earlier call
  first_of_this_shape,
  other_statistics,  // the running ones for the batch's, or the reverse
  none,              // mean 0, variance 1
};
enum class Count : std::uint8_t {
  of_the_values,
  of_the_channel,
  one,
  m_minus_1,
  m_plus_1,
  samples,
  row,  // the values of a sample
  all_values,
  channels,
  all_axes_but_1,
  all_axes_but_last,
  last_axis,
  up_to_4,  // m, rounded up to a multiple
  up_to_8,
  up_to_16,
  up_to_32,
  up_to_64,
  up_to_128,
  up_to_256,
  up_to_1024,
  up_to_power_of_2,
  down_to_4,
  down_to_8,
  down_to_16,
  down_to_32,
  down_to_64,
  down_to_128,
  down_to_256,
  down_to_1024,
  down_to_power_of_2,
  in_8_bits,  // m modulo 256
  in_16_bits,
};
enum class Correction : std::uint8_t {
  as_defined,
  biased,
  unbiased,
  unbiased_twice,
  reversed,
  sum,
  twice_divided,
  by_samples,
};
enum class Deviations : std::uint8_t {
  mean,
  zero,
  running_mean,
  first_value,
  mean_of_those_before,
  // Means of parts, which are never merged.
  within_samples,
  within_rows,
  within_tiles_of_8,
  within_tiles_of_16,
  within_tiles_of_32,
  within_tiles_of_64,
  within_tiles_of_128,
  within_tiles_of_256,
  within_tiles_of_512,
  within_tiles_of_1024,
  // The variance is that of another channel.
  channel_before,
  channel_after,
  first_channel,
};
enum class Epsilon : std::uint8_t {
  added,
  missing,
  twice,
  outside,
  floor,
  squared,
  rooted,
  both_rooted,
  is_1e_3,
  is_1e_5,
  is_1e_6,
  is_1e_7,
  is_1e_8,
  is_1e_12,
  subtracted,
  before_correction,
  over_m,
  times_m,
  var_at_least_epsilon,
  var_at_least_1e_5,
  at_least_1e_5,
};
enum class Root : std::uint8_t {
  inverse,
  missing,
  multiplied,
  unused,
  fourth,
  cubed,
};
// within_samples to within_tiles_of_1024
inline constexpr std::size_t kTiles = 10;
// Of which channel a parameter is taken, or what stands for it.
enum class Parameter : std::uint8_t {
  own,
  absent,
  negative,
  twice,
  squared,
  magnitude,
  one_more,
  zero,
  channel_before,
  channel_after,
  first_channel,
  last_channel,
  reversed,
  modulo,    // position in memory modulo the number of channels
  quotient,  // position in memory in the order of channels
  modulo_4,  // channel modulo 4
  modulo_8,
  modulo_16,
  modulo_32,
  modulo_64,
  modulo_128,
  modulo_256,
  modulo_1024,
  other,       // beta for gamma, and the reverse
  scaled,      // beta times gamma; 1/gamma
  normalized,  // beta / sqrt(var + eps)
};
enum class Centre : std::uint8_t {
  mean,
  zero,
  other_mean,
  negative,
  twice,
  channel_before,
  channel_after,
  first_value,
};
enum class Term : std::uint8_t {
  as_defined,
  missing,
  over_m,
  negative,
  sum,
  over_m_minus_1,
  over_samples,
  over_row,
  over_all,
  with_gamma,
  with_invstd,
  with_std,
  twice,
  half,
};
// Of a term in an output of second order.
enum class Factor : std::uint8_t {
  as_defined,
  missing,
  negative,
  with_std,
  with_invstd,
  with_gamma,
  twice,
  half,
  thrice,
  third,
  times_m,
  over_m,
};
enum class Weight : std::uint8_t {
  as_defined,
  of_the_other,
  one,
  zero,
  tenth,
  nine_tenths,
  of_one_batch_more,
  of_null,  // although momentum is given
};
// What may be kept in a short format on the way to a result.
enum class Kept : std::uint8_t {
  mean,
  var,
  invstd,
  deviation,  // x - mean
  xhat,
  scale,    // gamma invstd
  shift,    // beta - mean gamma invstd
  product,  // gamma xhat
  dbeta,    // as dx uses it
  dgamma,
  sums,        // both
  means,       // both, divided by m
  one_over_m,  // as dx uses it
  bracket,     // what gamma invstd multiplies in dx
  batch,       // the statistic that enters the running one
  momentum,
};
inline constexpr std::size_t kKept = 16;
enum class KeptAs : std::uint8_t { format_of_x, f16, bf16, tf32 };
inline constexpr std::size_t kKeptAs = 4;
enum class Result : std::uint8_t {
  as_defined,
  zero,
  negative,
  twice,
  half,
  times_m,
  over_m,
  times_samples,
  over_samples,
  with_gamma,
  with_invstd,
  with_std,
  magnitude,
  relu,
  leaky_relu_of_hundredth,
  leaky_relu_of_tenth,
  leaky_relu_of_fifth,
  relu6,
  sigmoid,
  tanh,
  silu,
  gelu,
  gelu_by_tanh,
  elu,
  softplus,
  hardswish,
  squared,
  rooted,
  inverse,
  is_old,
  is_x,
  is_dy,
  is_xhat,
  transposed,  // square planes
};

// An alternative for every slot, most of them the first.
struct Choice {
  std::array<std::uint8_t, kSlots> at = {};

  template <class Alternative>
  Alternative get(Slot slot) const {
    return static_cast<Alternative>(at[static_cast<std::size_t>(slot)]);
  }
  // The same with another alternative for a slot.
  template <class Alternative>
  Choice with(Slot slot, Alternative alternative) const {
    Choice other = *this;
    other.at[static_cast<std::size_t>(slot)] =
        static_cast<std::uint8_t>(alternative);
    return other;
  }
  bool operator==(const Choice&) const = default;
};

// The slots in the formula of an output; empty if there is none here.
std::vector<Slot> slots_of(Output output);

// The number of alternatives.
std::size_t alternatives(Slot slot);

// The alternative of Slot::kept, and what it stands for.
constexpr std::uint8_t kept(Kept what, KeptAs as) {
  return static_cast<std::uint8_t>(1 +
                                   kKeptAs * static_cast<std::size_t>(what) +
                                   static_cast<std::size_t>(as));
}
constexpr Kept what_is_kept(std::uint8_t alternative) {
  return static_cast<Kept>((alternative - 1U) / kKeptAs);
}
constexpr KeptAs kept_as(std::uint8_t alternative) {
  return static_cast<KeptAs>((alternative - 1U) % kKeptAs);
}

// Whether that is on the way to the output.
bool is_kept(Output output, Kept what);

// What is wrong, in words: "gamma is squared; epsilon is missing".
std::string what(Operation operation, Output output, const Choice& choice);

}  // namespace exactbn::formula
