// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "reference/draw.h"
#include "reference/tensor.h"

namespace exactbn {

// How the values of a channel are distributed.
enum class ChannelMode : std::uint8_t {
  ordinary,  // roughly normal, mean not 0
  scaled,    // normal at any scale, some deviations from 0
  integers,  // small, so that answers are exact or ties
  iid,       // independent bit patterns (draw_bits)
  constant,
  outlier,                  // ordinary values and one of any size
  far_mean,                 // a few ulps from one value
  alternating,              // b, -b, b, -b, ...
  cancelling,               // one half, then its negatives
  subnormal,                // includes zero
  near_overflow,            // the highest binade
  near_overflow_of_square,  // the highest binade with finite squares
  powers_of_two,
  permutation,  // the previous channel's values in another order
  special,      // ordinary, with one NaN or infinity
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

// Bits of m values; all are finite except in mode `special`. `permutation`
// shuffles `before`, or draws ordinary values if `before` has another size.
PooledVector<std::uint64_t> draw_channel(
    Draw& draw, DType dtype, ChannelMode mode, std::int64_t m,
    const PooledVector<std::uint64_t>& before = {});

}  // namespace exactbn
