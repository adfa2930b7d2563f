// SPDX-License-Identifier: Apache-2.0
#include "reference/exact/shards.h"

namespace exactbn {

Shard& Shard::operator+=(const Shard& part) {
  m += part.m;
  sums.s1 += part.sums.s1;
  sums.s2 += part.sums.s2;
  sums.d1 += part.sums.d1;
  sums.d2 += part.sums.d2;
  sums.x_finite = sums.x_finite && part.sums.x_finite;
  sums.dy_finite = sums.dy_finite && part.sums.dy_finite;
  along.u1 += part.along.u1;
  along.u2 += part.along.u2;
  along.u3 += part.along.u3;
  along.finite = along.finite && part.along.finite;
  return *this;
}

Channel channel_of(const Shard& whole, const Dyadic& epsilon,
                   const Dyadic& gamma, const Dyadic& beta) {
  Channel ch;
  ch.m = whole.m;
  ch.sums = whole.sums;
  ch.gamma = gamma;
  ch.beta = beta;
  if (whole.sums.x_finite) normalize_by_batch(ch, epsilon);
  return ch;
}

}  // namespace exactbn
