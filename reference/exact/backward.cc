// SPDX-License-Identifier: Apache-2.0
#include "reference/exact/backward.h"

namespace exactbn {

Surd dbeta(const Channel& ch) { return {ch.sums.d1, 0, 1, 1}; }

Surd dgamma(const Channel& ch) { return {0, scaled_t(ch), ch.root, 1}; }

Dyadic scaled_t(const Channel& ch) {
  return ch.scale * ch.sums.d2 - ch.centre * ch.sums.d1;
}

Surd t_of(const Channel& ch) { return {scaled_t(ch), 0, 1, ch.scale}; }

Surd dx_by_batch(const Channel& ch, const Dyadic& x, const Dyadic& dy) {
  // gamma [dy - D1/m - (x - mean) T/(m w)] / sqrt(w), times root / root.
  const Dyadic q = (ch.m * dy - ch.sums.d1) * ch.root -
                   (ch.m * x - ch.sums.s1) * scaled_t(ch);
  return {0, ch.gamma * q, ch.root, ch.root};
}

}  // namespace exactbn
