// SPDX-License-Identifier: Apache-2.0
#include "oracles/check/kappa.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reference/rounded.h"

namespace exactbn::kappa_test {
namespace {

// Two values per channel; the channel axis is the first.
Problem of_channels(Operation operation, double epsilon,
                    std::initializer_list<double> values) {
  Problem p;
  p.operation = operation;
  p.epsilon = epsilon;
  p.channel_axis = 0;
  const auto channels = static_cast<std::int64_t>(values.size() / 2);
  Tensor x(DType::f32, {channels, 2});
  std::int64_t i = 0;
  for (const double value : values)
    x.set_bits(i++, round_to(value, DType::f32));
  p.inputs.emplace(Input::x, x);
  if (!normalizes_by_batch(operation)) {
    const Tensor zeros(DType::f32, {channels});
    p.inputs.emplace(Input::running_mean, zeros);
    p.inputs.emplace(Input::running_var, zeros);
  }
  require_valid(p);
  return p;
}

OutputVerdict worst_at(Output output, std::int64_t index) {
  OutputVerdict out;
  out.output = output;
  out.worst.index = index;
  return out;
}

TEST(WorstKappas, BelongToTheChannelOfTheWorstValue) {
  const Problem p =
      of_channels(Operation::forward_training, 1, {1, 3, 1000, 1002});
  const auto kappas = worst_kappas(
      p, {},
      std::vector{worst_at(Output::y, 1), worst_at(Output::y, 2),
                  worst_at(Output::mean, 1), worst_at(Output::invstd, 0)});
  // mean x^2 = 5 and w = 1 + 1; (10^6 + 1002^2) / 2, and the same w.
  const double low = std::sqrt(5.0 / 2);
  const double high = std::sqrt(1002002.0 / 2);
  ASSERT_EQ(kappas.size(), 4u);
  EXPECT_DOUBLE_EQ(kappas[0], low);
  EXPECT_DOUBLE_EQ(kappas[1], high);
  EXPECT_DOUBLE_EQ(kappas[2], high);
  EXPECT_DOUBLE_EQ(kappas[3], low);
}

TEST(WorstKappas, AreNanIfStatisticsAreFrozen) {
  const Problem p = of_channels(Operation::forward_inference, 1, {1, 3});
  EXPECT_TRUE(
      std::isnan(worst_kappas(p, {}, std::vector{worst_at(Output::y, 0)})[0]));
}

TEST(WorstKappas, AreNanInAChannelThatIsNoNumber) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Problem p =
      of_channels(Operation::forward_training, 0, {1, 3, 1, infinity, 2, 2});
  const auto kappas =
      worst_kappas(p, {},
                   std::vector{worst_at(Output::y, 0), worst_at(Output::y, 2),
                               worst_at(Output::y, 4)});
  EXPECT_FALSE(std::isnan(kappas[0]));
  EXPECT_TRUE(std::isnan(kappas[1]));  // infinite
  EXPECT_TRUE(std::isnan(kappas[2]));  // w = 0
}

}  // namespace
}  // namespace exactbn::kappa_test
