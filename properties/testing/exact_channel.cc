// SPDX-License-Identifier: Apache-2.0
#include "properties/testing/exact_channel.h"

#include "properties/generators.h"

namespace exactbn {

ExactChannel::ExactChannel(std::vector<Dyadic> x_, std::vector<Dyadic> dy_,
                           const Dyadic& epsilon_)
    : x(std::move(x_)), dy(std::move(dy_)), epsilon(epsilon_) {
  shared.m = static_cast<std::int64_t>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    shared.sums.s1 += x[i];
    shared.sums.s2 += x[i] * x[i];
    shared.sums.d1 += dy[i];
    shared.sums.d2 += dy[i] * x[i];
  }
  normalize_by_batch(shared, epsilon);
}

std::vector<Dyadic> draw_exact(Draw& draw, std::size_t m) {
  const DType dtype = kDTypes[draw.below(kDTypes.size())];
  const ChannelMode mode = kChannelModes[draw.below(kChannelModes.size())];
  std::vector<Dyadic> values;
  for (const std::uint64_t bits :
       draw_channel(draw, dtype, mode, static_cast<std::int64_t>(m))) {
    values.push_back(decode(bits, dtype));
  }
  return values;
}

Dyadic sum(const std::vector<Dyadic>& values) {
  Dyadic total;
  for (const Dyadic& value : values) total += value;
  return total;
}

bool same(const Surd& a, const Surd& b) {
  const Dyadic qa = a.q * b.d;
  const Dyadic qb = b.q * a.d;
  return a.p * b.d == b.p * a.d && qa.sign() == qb.sign() &&
         qa * qa * b.w == qb * qb * a.w;
}

}  // namespace exactbn
