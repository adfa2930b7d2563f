// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <string_view>

namespace exactbn::zoo {

// What normalizes a channel, in the working precision: a forward pass saves it
// for the backward pass.
template <class W>
struct Normalizer {
  W mean = 0;
  W invstd = 0;
};

// y of one x.
template <class W>
using Affine = W (*)(W x, Normalizer<W> n, W gamma, W beta);

template <class W>
W direct(W x, Normalizer<W> n, W gamma, W beta) {
  return gamma * ((x - n.mean) * n.invstd) + beta;
}

template <class W>
W scaled(W x, Normalizer<W> n, W gamma, W beta) {
  return (x - n.mean) * (gamma * n.invstd) + beta;
}

template <class W>
W folded(W x, Normalizer<W> n, W gamma, W beta) {
  const W slope = gamma * n.invstd;
  return x * slope + (beta - n.mean * slope);
}

template <class W>
W folded_fused(W x, Normalizer<W> n, W gamma, W beta) {
  const W slope = gamma * n.invstd;
  return std::fma(x, slope, std::fma(-n.mean, slope, beta));
}

template <class W>
struct AffineForm {
  std::string_view name;
  Affine<W> run;
};

template <class W>
inline constexpr std::array<AffineForm<W>, 4> kAffineForms = {
    {{"direct", direct<W>},
     {"scaled", scaled<W>},
     {"folded", folded<W>},
     {"folded, fused", folded_fused<W>}}};

}  // namespace exactbn::zoo
