// SPDX-License-Identifier: Apache-2.0
#include "reference/exact/forward.h"

namespace exactbn {

Surd mean(const Channel& ch) { return {ch.centre, 0, 1, ch.scale}; }

Surd variance(const Channel& ch) {
  return {square_deviations(ch), 0, 1, ch.m * ch.m};
}

Surd variance_unbiased(const Channel& ch) {
  // v m / (m - 1) = (m S2 - S1^2) / (m (m - 1))
  return {square_deviations(ch), 0, 1, ch.m * (ch.m - 1)};
}

Surd w_of(const Channel& ch) { return {ch.root, 0, 1, ch.scale * ch.scale}; }

Surd invstd(const Channel& ch) { return {0, ch.scale, ch.root, 1}; }

Surd y_of(const Channel& ch, const Dyadic& x) {
  return {ch.beta, ch.gamma * (ch.scale * x - ch.centre), ch.root, 1};
}

}  // namespace exactbn
