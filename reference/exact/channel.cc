// SPDX-License-Identifier: Apache-2.0
#include "reference/exact/channel.h"

namespace exactbn {

void normalize_by_batch(Channel& ch, const Dyadic& epsilon) {
  ch.scale = ch.m;
  ch.centre = ch.sums.s1;
  ch.root = square_deviations(ch) + ch.m * ch.m * epsilon;
}

void normalize_by(Channel& ch, const Dyadic& mean, const Dyadic& variance,
                  const Dyadic& epsilon) {
  ch.scale = 1;
  ch.centre = mean;
  ch.root = variance + epsilon;
}

Dyadic square_deviations(const Channel& ch) {
  return ch.m * ch.sums.s2 - ch.sums.s1 * ch.sums.s1;
}

}  // namespace exactbn
