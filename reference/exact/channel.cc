// SPDX-License-Identifier: Apache-2.0
#include "reference/exact/channel.h"

namespace exactbn {

namespace {

// m^2 v = m S2 - S1^2
Dyadic square_deviations(const Channel& ch) {
  return ch.m * ch.sums.s2 - ch.sums.s1 * ch.sums.s1;
}

Surd fraction(const Dyadic& numerator, const Dyadic& denominator) {
  return {numerator, 0, 1, denominator};
}

Surd over_root(const Dyadic& q, const Channel& ch) {
  return {0, q, ch.root, 1};
}

}  // namespace

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

Surd mean(const Channel& ch) { return fraction(ch.centre, ch.scale); }

Surd variance(const Channel& ch) {
  return fraction(square_deviations(ch), ch.m * ch.m);
}

Surd variance_unbiased(const Channel& ch) {
  // v m / (m - 1) = (m S2 - S1^2) / (m (m - 1))
  return fraction(square_deviations(ch), ch.m * (ch.m - 1));
}

Surd w(const Channel& ch) { return fraction(ch.root, ch.scale * ch.scale); }

Surd invstd(const Channel& ch) { return over_root(ch.scale, ch); }

Surd y(const Channel& ch, const Dyadic& x) {
  return {ch.beta, ch.gamma * (ch.scale * x - ch.centre), ch.root, 1};
}

Surd dbeta(const Channel& ch) { return fraction(ch.sums.d1, 1); }

Surd dgamma(const Channel& ch) { return over_root(scaled_t(ch), ch); }

Dyadic scaled_t(const Channel& ch) {
  return ch.scale * ch.sums.d2 - ch.centre * ch.sums.d1;
}

Surd t(const Channel& ch) { return fraction(scaled_t(ch), ch.scale); }

Surd dx_by_batch(const Channel& ch, const Dyadic& x, const Dyadic& dy) {
  // gamma [dy - D1/m - (x - mean) T/(m w)] / sqrt(w), times root / root.
  const Dyadic q = (ch.m * dy - ch.sums.d1) * ch.root -
                   (ch.m * x - ch.sums.s1) * scaled_t(ch);
  return {0, ch.gamma * q, ch.root, ch.root};
}

Surd running_mean(const Channel& ch, const Dyadic& old, const Weight& weight) {
  return running(fraction(old, 1), mean(ch), weight);
}

Surd running_var_biased(const Channel& ch, const Dyadic& old,
                        const Weight& weight) {
  return running(fraction(old, 1), variance(ch), weight);
}

Surd running_var_unbiased(const Channel& ch, const Dyadic& old,
                          const Weight& weight) {
  return running(fraction(old, 1), variance_unbiased(ch), weight);
}

}  // namespace exactbn
