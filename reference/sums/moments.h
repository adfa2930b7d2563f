// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "reference/tensor.h"

namespace exactbn {

// A sum over a channel: of the values of tensor a, or of the products of a and
// b.
struct Term {
  static constexpr int kAlone = -1;
  int a;
  int b = kAlone;
};

// Both paths give the same numbers. `blocks` sums the columns of a block in
// fixed point if their exponents are close enough.
enum class SumPath : std::uint8_t { blocks, general };

struct Channels {
  std::int64_t first;
  std::int64_t count;
};

struct Moments {
  std::int64_t channels;
  std::vector<Dyadic> sums;
  std::vector<bool> finite_tensors;
  // The numbers of block columns summed in fixed point, and of all others.
  std::int64_t narrow = 0;
  std::int64_t wide = 0;

  // Sum t of channel c, with n odd or 0; 0 if a NaN or an infinity enters it.
  const Dyadic& sum(int t, std::int64_t c) const {
    return sums[static_cast<std::size_t>(t * channels + c)];
  }
  // Whether all values of tensor i in channel c are finite.
  bool finite(int i, std::int64_t c) const {
    return finite_tensors[static_cast<std::size_t>(i * channels + c)];
  }
};

// The sums of several channels, without rounding, so they depend neither on
// threads nor on layout. The tensors have the shape of the view and may have
// any formats.
Moments moments(std::span<const Tensor* const> tensors,
                std::span<const Term> terms, const ChannelView& view,
                const Channels& channels, SumPath path = SumPath::blocks);

}  // namespace exactbn
