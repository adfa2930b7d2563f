// SPDX-License-Identifier: Apache-2.0
#include "reference/exact/shards.h"

#include <gtest/gtest.h>

#include "reference/exact.h"
#include "reference/exact/backward.h"
#include "reference/exact/forward.h"
#include "reference/testing/any_problem.h"

namespace exactbn::shards_test {
namespace {

bool same(const Surd& a, const Surd& b) {
  return a.p == b.p && a.q == b.q && a.w == b.w && a.d == b.d;
}

// Values first ... first + m - 1 of the channel.
Problem part_of(const Problem& p, std::int64_t first, std::int64_t m) {
  Problem part = p;
  for (auto& [name, tensor] : part.inputs) {
    if (!shaped_like_x(name)) continue;
    const Tensor all = tensor;
    tensor = Tensor(all.dtype(), {m, 1});
    for (std::int64_t i = 0; i < m; ++i) {
      tensor.set_bits(i, all.bits(first + i));
    }
  }
  return part;
}

Shard shard_of(const Problem& p) {
  Shard shard;
  shard.m = p.view().count();
  shard.sums = channel_sums(p.x(), p.find(Input::dy), p.view(), 0);
  if (const Tensor* ddx = p.find(Input::ddx)) {
    shard.along = direction_sums(*ddx, p.x(), p.find(Input::dy), p.view(), 0);
  }
  return shard;
}

Channel channel_of(const Shard& whole, const Problem& p) {
  const Tensor* beta = p.find(Input::beta);
  return channel_of(whole, dyadic(p.epsilon), p.find(Input::gamma)->exact(0),
                    beta ? beta->exact(0) : 0);
}

// Parts of a channel, with at least one value each.
std::vector<Problem> split(Draw& draw, const Problem& p) {
  std::vector<Problem> parts;
  const std::int64_t m = p.view().count();
  for (std::int64_t first = 0; first < m;) {
    const auto left = static_cast<std::uint64_t>(m - first);
    const auto size = static_cast<std::int64_t>(1 + draw.below(left));
    parts.push_back(part_of(p, first, size));
    first += size;
  }
  return parts;
}

Shard merged(Draw& draw, const std::vector<Problem>& parts) {
  // The order does not matter.
  Shard whole;
  const std::size_t start = draw.below(parts.size());
  for (std::size_t k = 0; k < parts.size(); ++k) {
    whole += shard_of(parts[(start + k) % parts.size()]);
  }
  return whole;
}

TEST(Shards, MergedPartsGiveTheOutputsOfTheWhole) {
  Draw draw(40);
  for (int trial = 0; trial < 200; ++trial) {
    for (const DType dtype : kDTypes) {
      const auto m = static_cast<std::int64_t>(2 + draw.below(12));
      const Problem p =
          any_bits(draw, Operation::double_backward_training, dtype, {m, 1});
      const ExactBatchNorm exact(p);
      const std::vector<Problem> parts = split(draw, p);
      const Shard whole = merged(draw, parts);
      const Channel ch = channel_of(whole, p);
      const Direction along = {whole.along, p.find(Input::ddgamma)->exact(0),
                               p.find(Input::ddbeta)->exact(0)};
      std::int64_t i = 0;
      for (const Problem& part : parts) {
        for (std::int64_t k = 0; k < part.x().size(); ++k, ++i) {
          const Dyadic x = part.x().exact(k);
          const Dyadic dy = part.find(Input::dy)->exact(k);
          const Dyadic u = part.find(Input::ddx)->exact(k);
          ASSERT_TRUE(
              same(y_of(ch, x), y_of(exact.channel(0), p.x().exact(i))));
          ASSERT_TRUE(same(dx_by_batch(ch, x, dy),
                           dx_by_batch(exact.channel(0), p.x().exact(i),
                                       p.find(Input::dy)->exact(i))));
          ASSERT_TRUE(
              same(y_dot(ch, along, x, u), exact.at(Output::grad_dy, i).value));
          ASSERT_TRUE(same(grad_x(ch, along, x, dy, u),
                           exact.at(Output::grad_x, i).value));
        }
      }
      ASSERT_EQ(i, m);
      EXPECT_TRUE(same(variance(ch), variance(exact.channel(0))));
      EXPECT_TRUE(same(dgamma(ch), dgamma(exact.channel(0))));
      EXPECT_TRUE(
          same(grad_gamma(ch, along), exact.at(Output::grad_gamma, 0).value));
    }
  }
}

TEST(Shards, ANonFiniteValueInOnePartIsInTheWhole) {
  Draw draw(41);
  Problem p =
      any_bits(draw, Operation::double_backward_training, DType::f32, {4, 1});
  for (const Input name : {Input::x, Input::dy, Input::ddx}) {
    Problem spoilt = p;
    spoilt.inputs[name].set_bits(3, format(DType::f32).overflow());
    Shard whole = shard_of(part_of(spoilt, 0, 3));
    whole += shard_of(part_of(spoilt, 3, 1));
    EXPECT_EQ(whole.sums.x_finite, name != Input::x);
    EXPECT_EQ(whole.sums.dy_finite, name != Input::dy);
    EXPECT_EQ(whole.along.finite, name != Input::ddx);
  }
}

// a / 2^k
Dyadic over_power(const Dyadic& a, int k) { return {a.n, a.e - k}; }

// Averages the means of x and x^2 of two parts with 2^j and 2^k values as if
// the parts were equal. Synchronized batch normalization must not do this.
Channel averaged(const Problem& p, int j, int k) {
  const std::int64_t first = std::int64_t{1} << j;
  const Sums a = shard_of(part_of(p, 0, first)).sums;
  const Sums b = shard_of(part_of(p, first, std::int64_t{1} << k)).sums;
  const auto average = [&](const Dyadic& of_a, const Dyadic& of_b) {
    return over_power(over_power(of_a, j) + over_power(of_b, k), 1);
  };
  const Dyadic mean = average(a.s1, b.s1);
  Channel ch;
  ch.m = p.view().count();
  ch.gamma = p.find(Input::gamma)->exact(0);
  normalize_by(ch, mean, average(a.s2, b.s2) - mean * mean, dyadic(p.epsilon));
  return ch;
}

bool averaging_is_right(Draw& draw, int j, int k) {
  const std::int64_t m = (std::int64_t{1} << j) + (std::int64_t{1} << k);
  Problem p = any_bits(draw, Operation::backward_training, DType::f32, {m, 1});
  for (std::int64_t i = 0; i < m; ++i) {
    p.inputs[Input::x].set_bits(i, round_to(draw.normal(), DType::f32));
    p.inputs[Input::gamma].set_bits(0, round_to(1.0, DType::f32));
  }
  const Channel whole = channel_of(shard_of(p), p);
  const Dyadic x = p.x().exact(0);
  return round_to(y_of(averaged(p, j, k), x), DType::f32) ==
         round_to(y_of(whole, x), DType::f32);
}

TEST(Shards, EqualWeightsAreRightForEqualPartsOnly) {
  Draw draw(42);
  for (int trial = 0; trial < 50; ++trial) {
    EXPECT_TRUE(averaging_is_right(draw, 2, 2));
    EXPECT_FALSE(averaging_is_right(draw, 0, 3));
    EXPECT_FALSE(averaging_is_right(draw, 2, 1));
  }
}

// Here a part uses the statistics of the whole, but its own gradient sums.
TEST(Shards, GradientsNeedTheSumsOfTheWholeToo) {
  Draw draw(43);
  for (int trial = 0; trial < 50; ++trial) {
    Problem p =
        any_bits(draw, Operation::backward_training, DType::f32, {6, 1});
    for (const Input name : {Input::x, Input::dy, Input::gamma}) {
      Tensor& tensor = p.inputs[name];
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        tensor.set_bits(i, round_to(draw.normal(), DType::f32));
      }
    }
    const Channel whole = channel_of(shard_of(p), p);
    Channel local = whole;
    const Shard part = shard_of(part_of(p, 0, 4));
    local.sums.d1 = part.sums.d1;
    local.sums.d2 = part.sums.d2;
    const Dyadic x = p.x().exact(0);
    const Dyadic dy = p.find(Input::dy)->exact(0);
    EXPECT_NE(round_to(dx_by_batch(local, x, dy), DType::f32),
              round_to(dx_by_batch(whole, x, dy), DType::f32));
  }
}

}  // namespace
}  // namespace exactbn::shards_test
