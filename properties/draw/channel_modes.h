// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "reference/draw.h"
#include "reference/tensor.h"

namespace exactbn {

// What the values of a channel have in common.
enum class ChannelMode : std::uint8_t {
  ordinary,  // roughly normal, not centred
  scaled,    // the same in any unit, and some deviations from 0
  integers,  // small ones, so that answers are exact, or ties
  iid,       // each hunts on its own (draw_bits)
  constant,
  outlier,                  // small values, and a large one
  far_mean,                 // a few units in the last place around a value
  alternating,              // b, -b, b, -b, ...
  cancelling,               // a half, and its negatives
  subnormal,                // zero included
  near_overflow,            // the highest binade
  near_overflow_of_square,  // the highest binade whose squares are finite
  powers_of_two,
  permutation,  // the values of the channel before, in another order
  special,      // ordinary, with a NaN or an infinity
};

inline constexpr std::array kChannelModes = {
    ChannelMode::ordinary,      ChannelMode::scaled,
    ChannelMode::integers,      ChannelMode::iid,
    ChannelMode::constant,      ChannelMode::outlier,
    ChannelMode::far_mean,      ChannelMode::alternating,
    ChannelMode::cancelling,    ChannelMode::subnormal,
    ChannelMode::near_overflow, ChannelMode::near_overflow_of_square,
    ChannelMode::powers_of_two, ChannelMode::permutation};

std::string_view to_string(ChannelMode mode);

// Bits of m values, finite but in the mode `special`. A permutation is one of
// the values given, or ordinary where their number is another.
PooledVector<std::uint64_t> draw_channel(
    Draw& draw, DType dtype, ChannelMode mode, std::int64_t m,
    const PooledVector<std::uint64_t>& before = {});

}  // namespace exactbn
